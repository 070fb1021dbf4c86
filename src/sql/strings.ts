import { SqlError } from './errors.ts'
import { positionAt } from './position.ts'

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '/': '/',
}

/** How many hexadecimal digits follow the letter. */
const codeEscapes: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

const plain: Readonly<Record<string, RegExp>> = { '"': /[^"\\]*/y, "'": /[^'\\]*/y }

/**
 * Reads the string that starts at an offset, in either quote, with Go's escapes and SQL's doubled quote.
 * The end is the offset behind the closing quote.
 */
export function readString(text: string, start: number): { value: string; end: number } {
  const quote = text[start] === "'" ? "'" : '"'
  const run = plain[quote] ?? /(?!)/y
  const parts: string[] = []
  let offset = start + 1
  for (;;) {
    run.lastIndex = offset
    const part = run.exec(text)?.[0] ?? ''
    parts.push(part)
    offset += part.length
    if (offset >= text.length) {
      throw new SqlError('unterminated', 'unterminated string', positionAt(text, start), {
        hint: `close it with ${quote}`,
      })
    }
    if (text[offset] === '\\') {
      const escaped = readEscape(text, offset)
      parts.push(escaped.value)
      offset = escaped.end
    } else if (text[offset + 1] === quote) {
      parts.push(quote)
      offset += 2
    } else {
      return { value: parts.join(''), end: offset + 1 }
    }
  }
}

function readEscape(text: string, start: number): { value: string; end: number } {
  const letter = text[start + 1] ?? ''
  const simple = Object.hasOwn(simpleEscapes, letter) ? simpleEscapes[letter] : undefined
  if (simple !== undefined) return { value: simple, end: start + 2 }
  const digits = Object.hasOwn(codeEscapes, letter) ? codeEscapes[letter] : undefined
  if (digits !== undefined) {
    const end = start + 2 + digits
    const code = text.slice(start + 2, end)
    const value = Number.parseInt(code, 16)
    if (code.length === digits && /^[0-9a-fA-F]+$/.test(code) && value <= 0x10ffff) {
      return { value: String.fromCodePoint(value), end }
    }
    throw badEscape(text, start, start + 2 + (/^[0-9a-fA-F]*/.exec(code)?.[0].length ?? 0))
  }
  const octal = text.slice(start + 1, start + 4)
  if (/^[0-3][0-7]{2}$/.test(octal)) {
    return { value: String.fromCharCode(Number.parseInt(octal, 8)), end: start + 4 }
  }
  throw badEscape(text, start, start + 2)
}

function badEscape(text: string, start: number, end: number): SqlError {
  const written = text.slice(start, end).split('\n')[0] ?? ''
  return new SqlError('bad-escape', `unknown escape ${written}`, positionAt(text, start), {
    hint: 'write \\\\ for a backslash',
  })
}
