import { isStruct } from '#src/expressions/access.ts'
import type { Example, InlineCall, Parameter, RowDeclaration } from './declaration.ts'
import { ofTextsInline } from './inline.ts'
import { anything, BIGINT, BOOLEAN, optional, rest, STRING, text, whole } from './signature.ts'
import { checkLength, isNull, toCount, toText, wrong } from './values.ts'

/** Functions of one text. */
function ofText(
  name: string,
  doc: string,
  call: (value: string) => string,
  gives: readonly [string, string],
  inline?: InlineCall,
): RowDeclaration {
  return {
    kind: 'row',
    family: 'text',
    name,
    parameters: [text('value')],
    returns: STRING,
    guard: 'null',
    doc,
    examples: [{ sql: `${name}(s)`, row: { s: gives[0] }, gives: gives[1] }],
    inline,
    make: () => (value: unknown) => bounded(call(toText(value))),
  }
}

/** Tests of a text for a part. */
function contains(
  name: string,
  doc: string,
  call: (value: string, part: string) => boolean,
  examples: readonly Example[],
  inline: InlineCall,
): RowDeclaration {
  const parameters: readonly Parameter[] = [text('value'), text('part')]
  return {
    kind: 'row',
    family: 'text',
    name,
    parameters,
    returns: BOOLEAN,
    guard: 'false',
    doc,
    examples,
    inline,
    make: () => (value: unknown, part: unknown) => call(toText(value), toText(part)),
  }
}

/** `lpad` and `rpad` */
function padding(
  name: string,
  doc: string,
  call: (value: string, spaces: string) => string,
  gives: string,
): RowDeclaration {
  return {
    kind: 'row',
    family: 'text',
    name,
    parameters: [text('value'), whole('n')],
    returns: STRING,
    guard: 'null',
    doc,
    examples: [
      { sql: `${name}(s, 2)`, row: { s: 'x' }, gives },
      {
        sql: `${name}(s, n)`,
        row: { s: 'x', n: -1 },
        gives: {
          error: `call func ${name} error: the number of spaces should not be negative but got -1`,
        },
      },
    ],
    make: () => (value: unknown, n: unknown) => {
      const count = toCount(n, 'second argument')
      if (count < 0) throw wrong(`the number of spaces should not be negative but got ${count}`)
      checkLength(count, 'a text')
      return bounded(call(toText(value), ' '.repeat(count)))
    },
  }
}

export const textFunctions: readonly RowDeclaration[] = [
  {
    kind: 'row',
    family: 'text',
    name: 'concat',
    parameters: [rest(anything('value'))],
    returns: STRING,
    guard: 'none',
    doc: 'The values as text, one behind the other. Nulls are left out.',
    examples: [
      { sql: 'concat(s, i)', row: { s: 'a', i: 7 }, gives: 'a7' },
      { sql: "concat(s, z, 'x')", row: { s: 'a', z: null }, gives: 'ax' },
    ],
    inline: ofTextsInline((names) => `(${names.join(' + ')})`),
    make:
      () =>
      (...values: unknown[]) => {
        let joined = ''
        for (let i = 0; i < values.length; i++) {
          const value = values[i]
          if (typeof value === 'string') joined += value
          else if (!isNull(value)) joined += toText(value)
        }
        return bounded(joined)
      },
  },
  ofText(
    'lower',
    'The text in lower case.',
    (value) => value.toLowerCase(),
    ['AbC', 'abc'],
    ofTextsInline(([s]) => `${s}.toLowerCase()`),
  ),
  ofText(
    'upper',
    'The text in upper case.',
    (value) => value.toUpperCase(),
    ['AbC', 'ABC'],
    ofTextsInline(([s]) => `${s}.toUpperCase()`),
  ),
  ofText('trim', 'The text without white space at its ends.', (value) => value.trim(), [
    ' a ',
    'a',
  ]),
  ofText('ltrim', 'The text without white space at its start.', (value) => value.trimStart(), [
    ' a ',
    'a ',
  ]),
  ofText('rtrim', 'The text without white space at its end.', (value) => value.trimEnd(), [
    ' a ',
    ' a',
  ]),
  ofText(
    'reverse',
    'The characters of the text from the last to the first.',
    (value) => Array.from(value).reverse().join(''),
    ['añ😀', '😀ña'],
  ),
  {
    kind: 'row',
    family: 'text',
    name: 'length',
    parameters: [anything('value')],
    returns: BIGINT,
    guard: 'zero',
    doc: 'The number of characters of a text, elements of an array, or keys of an object.',
    examples: [
      { sql: 'length(s)', row: { s: 'h😀' }, gives: 2 },
      { sql: 'length(a)', row: { a: [1, 2, 3] }, gives: 3 },
      { sql: 'length(o)', row: { o: { a: 1 } }, gives: 1 },
      { sql: 'length(z)', row: { z: null }, gives: 0 },
    ],
    inline: ({ names: [value = ''], constant }) => ({
      when: `typeof ${value} === "string"`,
      value: `${constant(characters)}(${value})`,
    }),
    make: () => (value: unknown) => {
      if (Array.isArray(value) || value instanceof Uint8Array) return value.length
      return isStruct(value) ? Object.keys(value).length : characters(toText(value))
    },
  },
  {
    kind: 'row',
    family: 'text',
    name: 'numbytes',
    parameters: [text('value')],
    returns: BIGINT,
    guard: 'zero',
    doc: 'The number of bytes of the text in UTF-8.',
    examples: [{ sql: 'numbytes(s)', row: { s: 'hé' }, gives: 3 }],
    make: () => (value: unknown) =>
      value instanceof Uint8Array ? value.length : new TextEncoder().encode(toText(value)).length,
  },
  padding('lpad', 'The text with n spaces before it.', (value, spaces) => spaces + value, '  x'),
  padding('rpad', 'The text with n spaces behind it.', (value, spaces) => value + spaces, 'x  '),
  {
    kind: 'row',
    family: 'text',
    name: 'indexof',
    parameters: [text('value'), text('part')],
    returns: BIGINT,
    guard: 'none',
    doc: 'Where the part begins in the text, in characters from 0; -1 when it is not there or one of them is null.',
    examples: [
      { sql: "indexof(s, 'l')", row: { s: 'hello' }, gives: 2 },
      { sql: "indexof(s, 'b')", row: { s: '😀b' }, gives: 1 },
      { sql: "indexof(s, 'b')", row: { s: null }, gives: -1 },
    ],
    make: () => (value: unknown, part: unknown) => {
      if (isNull(value) || isNull(part)) return -1
      const whole = toText(value)
      const at = whole.indexOf(toText(part))
      return at <= 0 ? at : characters(whole.slice(0, at))
    },
  },
  contains(
    'startswith',
    'Whether the text begins with the part.',
    (v, p) => v.startsWith(p),
    [
      { sql: "startswith(s, 'he')", row: { s: 'hello' }, gives: true },
      { sql: "startswith(s, 'he')", row: { s: null }, gives: false },
    ],
    ofTextsInline(([s, part]) => `${s}.startsWith(${part})`),
  ),
  contains(
    'endswith',
    'Whether the text ends with the part.',
    (v, p) => v.endsWith(p),
    [{ sql: "endswith(s, 'lo')", row: { s: 'hello' }, gives: true }],
    ofTextsInline(([s, part]) => `${s}.endsWith(${part})`),
  ),
  {
    kind: 'row',
    family: 'text',
    name: 'substring',
    parameters: [text('value'), whole('start'), optional(whole('end'))],
    returns: STRING,
    guard: 'null',
    doc: 'The characters from start, counted from 0, up to end but without it. What lies beyond the text is left out.',
    examples: [
      { sql: 'substring(s, 1, 3)', row: { s: 'hello' }, gives: 'el' },
      { sql: 'substring(s, 2)', row: { s: 'h😀llo' }, gives: 'llo' },
      { sql: 'substring(s, 9)', row: { s: 'hello' }, gives: '' },
    ],
    check([, start, end]) {
      if (isNegative(start?.literal))
        throw new Error('The start index should not be a negative integer.')
      if (isNull(start?.literal) || isNull(end?.literal)) return
      if (Number(end.literal) < Number(start.literal)) {
        throw new Error('The end index should be larger than start index.')
      }
    },
    inline({ names: [value = '', start, end = '(1 / 0)'], known: [, from, to], constant }) {
      const bounds = [from?.literal, to === undefined ? Number.MAX_SAFE_INTEGER : to.literal]
      const [first = -1, last = -1] = bounds.map((bound) => (isCount(bound) ? bound : undefined))
      if (first < 0 || last < first) return undefined
      return {
        when: `typeof ${value} === "string"`,
        value: `${constant(slice)}(${value}, ${start}, ${end})`,
      }
    },
    make: () => (value: unknown, start: unknown, end?: unknown) => {
      const from = toCount(start, 'start index')
      const to = end === undefined ? Number.POSITIVE_INFINITY : toCount(end, 'end index')
      if (from < 0) throw wrong(`start index must be a positive number but got ${from}`)
      if (to < from) throw wrong(`end index ${to} must be larger than start index ${from}`)
      return slice(toText(value), from, to)
    },
  },
  {
    kind: 'row',
    family: 'text',
    name: 'split_value',
    parameters: [text('value'), text('separator'), whole('index')],
    returns: STRING,
    guard: 'null',
    doc: 'The part at index, from 0, of the text split at the separator. A negative index counts from the end.',
    examples: [
      { sql: "split_value(s, '/', 1)", row: { s: 'a/b/c' }, gives: 'b' },
      { sql: "split_value(s, '/', i)", row: { s: 'a/b/c', i: -1 }, gives: 'c' },
      {
        sql: "split_value(s, '/', 9)",
        row: { s: 'a/b/c' },
        gives: { error: 'call func split_value error: 9 out of index array (size = 3)' },
      },
    ],
    check([, , index]) {
      if (isNegative(index?.literal)) throw new Error('The index should not be a nagtive integer.')
    },
    make: () => (value: unknown, separator: unknown, index: unknown) => {
      const parts = toText(value).split(toText(separator))
      const at = toCount(index, 'index')
      const part = parts.at(at)
      if (part !== undefined) return part
      throw wrong(`${at} out of index array (size = ${parts.length})`)
    },
  },
]

function bounded(value: string): string {
  checkLength(value.length, 'a text')
  return value
}

/** Code points: what a reader takes for a character counts as one, whatever its bytes. */
function characters(value: string): number {
  let count = value.length
  for (let i = 0; i < value.length; i++) {
    // The second half of a surrogate pair.
    if ((value.charCodeAt(i) & 0xfc00) === 0xdc00) count--
  }
  return count
}

function slice(value: string, from: number, to: number): string {
  const end = Math.min(to, value.length)
  for (let i = 0; i < end; i++) {
    // From the first surrogate on, code units and characters differ.
    if ((value.charCodeAt(i) & 0xf800) === 0xd800) {
      return Array.from(value).slice(from, to).join('')
    }
  }
  return value.slice(from, to)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

function isNegative(literal: unknown): boolean {
  return (typeof literal === 'number' || typeof literal === 'bigint') && literal < 0
}
