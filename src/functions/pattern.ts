import type { KnownArgument, RowDeclaration } from './declaration.ts'
import { BOOLEAN, STRING, text } from './signature.ts'
import { checkLength, toText, wrong } from './values.ts'

/** Functions of regular expressions, in the syntax of JavaScript. A literal pattern is compiled once. */
export const patternFunctions: readonly RowDeclaration[] = [
  {
    kind: 'row',
    family: 'text',
    name: 'regexp_matches',
    parameters: [text('value'), text('pattern')],
    returns: BOOLEAN,
    guard: 'false',
    doc: 'Whether the regular expression is found in the text.',
    examples: [
      { sql: "regexp_matches(s, '^h.+o$')", row: { s: 'hello' }, gives: true },
      { sql: "regexp_matches(s, '[0-9]')", row: { s: 'hello' }, gives: false },
    ],
    make(_, [, pattern]) {
      const compile = compiler(pattern, 'u')
      return (value: unknown, given: unknown) => compile(given).test(toText(value))
    },
  },
  {
    kind: 'row',
    family: 'text',
    name: 'regexp_replace',
    parameters: [text('value'), text('pattern'), text('replacement')],
    returns: STRING,
    guard: 'null',
    doc: 'The text with every match of the regular expression replaced; `$1` stands for the first group.',
    examples: [
      { sql: "regexp_replace(s, '[0-9]+', '#')", row: { s: 'a1b22' }, gives: 'a#b#' },
      { sql: "regexp_replace(s, '([0-9]+)', '<$1>')", row: { s: 'a1b22' }, gives: 'a<1>b<22>' },
    ],
    make(_, [, pattern]) {
      const compile = compiler(pattern, 'gu')
      return (value: unknown, given: unknown, replacement: unknown) => {
        const replaced = toText(value).replace(compile(given), toText(replacement))
        checkLength(replaced.length, 'a text')
        return replaced
      }
    },
  },
  {
    kind: 'row',
    family: 'text',
    name: 'regexp_substr',
    parameters: [text('value'), text('pattern')],
    returns: STRING,
    guard: 'null',
    doc: 'The first match of the regular expression; an empty text when there is none.',
    examples: [
      { sql: "regexp_substr(s, '[0-9]+')", row: { s: 'a22b3' }, gives: '22' },
      { sql: "regexp_substr(s, 'Q')", row: { s: 'a22b3' }, gives: '' },
    ],
    make(_, [, pattern]) {
      const compile = compiler(pattern, 'u')
      return (value: unknown, given: unknown) => compile(given).exec(toText(value))?.[0] ?? ''
    },
  },
]

/** Compiles patterns, and keeps the last one: it is nearly always the same. */
function compiler(known: KnownArgument | undefined, flags: string): (pattern: unknown) => RegExp {
  let last = typeof known?.literal === 'string' ? known.literal : ''
  let compiled: RegExp | undefined
  return (pattern) => {
    const source = toText(pattern)
    if (compiled === undefined || source !== last) {
      compiled = compile(source, flags)
      last = source
    }
    return compiled
  }
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw wrong(`error parsing regexp: ${why}`)
  }
}
