import { ANY } from '#src/plan/types.ts'
import type { RowDeclaration } from './declaration.ts'
import { compilePath, type JsonPath } from './json-path.ts'
import { anything, arrayOf, BOOLEAN, STRING, text } from './signature.ts'
import { checkLength, toBytes, toText, wrong } from './values.ts'

export const jsonFunctions: readonly RowDeclaration[] = [
  {
    kind: 'row',
    family: 'json',
    name: 'to_json',
    parameters: [anything('value')],
    returns: STRING,
    guard: 'none',
    doc: 'The value as JSON. Bytes are base64.',
    examples: [
      { sql: 'to_json(o)', row: { o: { a: [1, 'x', null] } }, gives: '{"a":[1,"x",null]}' },
      { sql: 'to_json(z)', row: { z: null }, gives: 'null' },
    ],
    make: () => (value: unknown) => {
      const json = toJson(value)
      checkLength(json.length, 'a text')
      return json
    },
  },
  {
    kind: 'row',
    family: 'json',
    name: 'parse_json',
    parameters: [text('json')],
    returns: ANY,
    guard: 'null',
    doc: 'The value that a text in JSON stands for.',
    examples: [
      { sql: 'parse_json(s)', row: { s: '{"a":[1,2]}' }, gives: { a: [1, 2] } },
      { sql: 'parse_json(s)->a[1]', row: { s: '{"a":[1,2]}' }, gives: 2 },
    ],
    make: () => (value: unknown) => {
      const json = value instanceof Uint8Array ? new TextDecoder().decode(value) : toText(value)
      try {
        return JSON.parse(json) as unknown
      } catch (cause) {
        throw wrong(`invalid JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
      }
    },
  },
  path(
    'json_path_query',
    arrayOf(ANY),
    'Everything that the path finds, as an array.',
    (found) => [...found],
    [
      {
        sql: "json_path_query(o, '$.a[*].b')",
        row: { o: { a: [{ b: 1 }, { b: 2 }] } },
        gives: [1, 2],
      },
    ],
  ),
  path(
    'json_path_query_first',
    ANY,
    'The first thing that the path finds.',
    (found) => {
      if (found.length === 0) throw wrong('the path finds nothing')
      return found[0]
    },
    [
      {
        sql: "json_path_query_first(o, '$.a[*].b')",
        row: { o: { a: [{ b: 1 }, { b: 2 }] } },
        gives: 1,
      },
    ],
  ),
  path(
    'json_path_exists',
    BOOLEAN,
    'Whether the path finds anything.',
    (found) => found.length > 0,
    [
      { sql: "json_path_exists(o, '$.a')", row: { o: { a: 1 } }, gives: true },
      { sql: "json_path_exists(o, '$.nope')", row: { o: { a: 1 } }, gives: false },
    ],
  ),
]

function path(
  name: string,
  returns: RowDeclaration['returns'],
  doc: string,
  finish: (found: readonly unknown[]) => unknown,
  examples: RowDeclaration['examples'],
): RowDeclaration {
  return {
    kind: 'row',
    family: 'json',
    name,
    parameters: [anything('value'), text('path')],
    returns,
    guard: 'null',
    doc: `${doc} Paths are made of \`$\`, \`.name\`, \`['name']\`, \`[index]\`, \`[from:to]\`, \`*\` and \`..\`.`,
    examples,
    check([, given]) {
      if (typeof given?.literal === 'string') compilePath(given.literal)
    },
    make() {
      let last: string | undefined
      let compiled: JsonPath = () => []
      return (value: unknown, given: unknown) => {
        const source = toText(given)
        if (source !== last) {
          compiled = compilePath(source)
          last = source
        }
        const root = typeof value === 'string' ? (JSON.parse(value) as unknown) : value
        return finish(compiled(root))
      }
    },
  }
}

function toJson(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) => {
      if (typeof part === 'bigint') return rawNumber(part)
      return part instanceof Uint8Array ? toBytes(part).toBase64() : part
    }) ?? 'null'
  )
}

/** JSON as the language has it; the types do not know `rawJSON` yet. */
const languageJson: JSON & { rawJSON?(text: string): unknown } = JSON

/** A whole number beyond 2^53 in all its digits. */
function rawNumber(value: bigint): unknown {
  const digits = value.toString()
  return languageJson.rawJSON?.(digits) ?? digits
}
