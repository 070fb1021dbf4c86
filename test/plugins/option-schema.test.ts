import test from 'ava'
import { checkOptions, type OptionSchema } from '#host/plugins/option-schema.ts'

const schema: OptionSchema = {
  type: 'object',
  required: ['url'],
  additionalProperties: false,
  properties: {
    url: { type: 'string', minLength: 1, pattern: '^mysql://' },
    port: { type: 'integer', minimum: 1, maximum: 65535 },
    mode: { enum: ['insert', 'replace'] },
    ratio: { type: ['number', 'null'], exclusiveMinimum: 0 },
    columns: { type: 'array', minItems: 1, maxItems: 2, items: { $ref: '#/$defs/column' } },
    password: { type: 'string', minLength: 8, enum: ['correct horse'] },
    either: { oneOf: [{ type: 'string' }, { type: 'boolean' }] },
    tls: { anyOf: [{ const: true }, { type: 'object', required: ['ca'] }] },
    never: false,
    odd: { not: { const: 1 } },
  },
  $defs: {
    column: {
      type: 'object',
      properties: { name: { type: 'string' } },
      additionalProperties: false,
    },
  },
}

const url = 'mysql://a'
const told = (value: Record<string, unknown>) => {
  const found = checkOptions(schema, value, new Set(['sendSingle']))
  return found && `${found.path}: ${found.message}`
}

test('what fits the schema has no problem, and common properties are nobody’s business', (t) => {
  t.is(told({ url }), undefined)
  t.is(
    told({ url, sendSingle: 'whatever', port: 3306, mode: 'insert', ratio: null, odd: 2 }),
    undefined,
  )
  t.is(told({ url, columns: [{ name: 'a' }, {}], tls: { ca: 'x' }, either: true }), undefined)
})

for (const [value, message] of [
  [{}, 'url: is missing'],
  [{ url: 1 }, 'url: must be a text, not 1'],
  [{ url: '' }, 'url: must not be empty'],
  [{ url: 'http://a' }, 'url: must match ^mysql://'],
  [{ url, prot: 1 }, 'prot: is not known; did you mean "port"?'],
  [
    { url, zzzzzz: 1 },
    'zzzzzz: is not known; there are url, port, mode, ratio, columns, password, either, tls, never, odd',
  ],
  [{ url, port: 1.5 }, 'port: must be a whole number, not 1.5'],
  [{ url, port: 0 }, 'port: must be at least 1, not 0'],
  [{ url, port: 70000 }, 'port: must be at most 65535, not 70000'],
  [{ url, mode: 'x' }, 'mode: must be one of "insert", "replace", not "x"'],
  [{ url, ratio: 'x' }, 'ratio: must be a number or null, not "x"'],
  [{ url, ratio: 0 }, 'ratio: must be above 0, not 0'],
  [{ url, columns: [] }, 'columns: must have at least 1 items'],
  [{ url, columns: [1, 2, 3] }, 'columns: must have at most 2 items'],
  [{ url, columns: [{ name: 1 }] }, 'columns.0.name: must be a text, not 1'],
  [{ url, columns: [{ sendSingle: 1 }] }, 'columns.0.sendSingle: is not known; there are name'],
  [{ url, password: 'hunter2hunter2' }, 'password: must be one of "correct horse", not what it is'],
  [{ url, either: 1 }, 'either: must be a text or true or false'],
  [{ url, tls: 5 }, 'tls: must be true or an object'],
  [{ url, never: 1 }, 'never: is not allowed'],
  [{ url, odd: 1 }, 'odd: has a value that is not allowed'],
] as const) {
  test(`${JSON.stringify(value)} is refused with what is allowed`, (t) => {
    t.is(told(value as Record<string, unknown>), message)
  })
}

test('a hostile schema costs little and breaks nothing', (t) => {
  const slow = { properties: { a: { pattern: '^(a+)+$' } } }
  const started = performance.now()
  t.like(checkOptions(slow, { a: `${'a'.repeat(40)}!` }, new Set()), { path: 'a' })
  t.true(performance.now() - started < 20_000)
  const many = { properties: { a: { anyOf: Array(500).fill({ pattern: '^(a+)+$' }) } } }
  const again = performance.now()
  t.like(checkOptions(many, { a: `${'a'.repeat(40)}!` }, new Set()), { path: 'a' })
  t.true(performance.now() - again < 20_000) // each of them alone would take 600 ms
  const circle = {
    $ref: '#/$defs/a',
    $defs: { a: { allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }] } },
  }
  t.like(checkOptions(circle, {}, new Set()), {
    message: "cannot be checked: the plugin's schema is too deep",
  })
  for (const odd of [
    { type: 'constructor' },
    { type: 5, enum: 'x', required: 'x', properties: 7, pattern: '(' },
    { $ref: 'https://evil.example/schema.json' },
    { $ref: '#/__proto__/x' },
    { properties: { a: { pattern: '(' } } },
    { allOf: 5, anyOf: {}, oneOf: null, items: 3 },
  ])
    t.is(checkOptions(odd, { a: 'x' }, new Set()), undefined, JSON.stringify(odd))
  t.is(({} as Record<string, unknown>).polluted, undefined)
})
