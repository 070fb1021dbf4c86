import { parse, tokTypes } from 'acorn'
import { parse as findImports, init } from 'es-module-lexer'

interface Spot {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * The sandbox refuses a script in which `import(`, `eval(` or a comment of HTML stands anywhere, in a text too. Within texts,
 * templates and regular expressions one letter of them is written as an escape; within comments a space parts them.
 *
 * @throws SyntaxError when the script is none
 */
export function escapeTexts(code: string): string {
  const spots: Spot[] = []
  const change = (start: number, end: number, write: (text: string) => string) => {
    const text = code.slice(start, end)
    const escaped = write(text)
    if (escaped !== text) spots.push({ start, end, text: escaped })
  }
  let isRaw = false
  // The parser, not the tokenizer alone: only it knows a division from a regular expression everywhere.
  parse(code, {
    ecmaVersion: 'latest',
    sourceType: 'script',
    allowReturnOutsideFunction: true,
    onComment: (_isBlock, _text, start, end) => change(start, end, apart),
    onToken({ type, start, end }) {
      if (type === tokTypes.backQuote)
        isRaw = /\bString\.raw\s*$/.test(code.slice(Math.max(0, start - 40), start))
      if (type === tokTypes.template) change(start, end, isRaw ? inserted : escaped)
      else if (type === tokTypes.string || type === tokTypes.regexp) change(start, end, escaped)
    },
  })
  return rewritten(code, spots)
}

function rewritten(code: string, spots: readonly Spot[]): string {
  let made = ''
  let at = 0
  for (const { start, end, text } of spots.toSorted((one, other) => one.start - other.start)) {
    made += code.slice(at, start) + text
    at = end
  }
  return made + code.slice(at)
}

const imported = /\bim(?=port\s*(?:\(|\/[/*]))/g
const evaluated = /\bev(?=al\s*\()/g

/** The same text for the engine. What stands before cannot take the escape away: it is within the word. */
function escaped(text: string): string {
  return text
    .replace(/<!--/g, '<\\x21--')
    .replace(/-->/g, '--\\x3e')
    .replace(/\bimport(?=\s*(?:\(|\/[/*]))/g, 'im\\x70ort')
    .replace(/\beval(?=\s*\()/g, 'ev\\x61l')
}

/** In a template whose escapes are not read: parted by an empty insertion. */
function inserted(text: string): string {
  const empty = `\${''}`
  return text
    .replace(/<!--/g, `<!${empty}--`)
    .replace(/-->/g, `--${empty}>`)
    .replace(imported, `im${empty}`)
    .replace(evaluated, `ev${empty}`)
}

function apart(comment: string): string {
  return comment
    .replace(/<!--/g, '<! --')
    .replace(/-->/g, '-- >')
    .replace(imported, 'im ')
    .replace(evaluated, 'ev ')
}

/** @throws Error when an import is left that a tool did not turn into something else */
export async function refuseImports(code: string): Promise<void> {
  await init
  const [found] = findImports(code)
  const [first] = found
  if (first === undefined) return
  const line = code.slice(0, first.start).split('\n').length
  throw new Error(
    `an import is left in the bundle, line ${line}: ${code.slice(first.start, first.start + 60)}`,
  )
}
