import test from 'ava'
import { makeDefinition } from '#src/plan/definitions.ts'
import type { Create } from '#src/sql/ast.ts'
import { definition } from './fixture.ts'

const at = { line: 1, column: 1, offset: 0 }
const create: Create = {
  type: 'create',
  kind: 'stream',
  name: 'demo',
  columns: undefined,
  options: {},
  at,
}

test('a stream without options has the defaults', (t) => {
  t.deepEqual(definition('CREATE STREAM demo () WITH ()'), {
    name: 'demo',
    kind: 'stream',
    columns: undefined,
    options: {
      datasource: '',
      type: 'mqtt',
      format: 'json',
      confKey: 'default',
      key: undefined,
      tableKind: 'scan',
      shared: false,
      strictValidation: false,
      timestamp: undefined,
      timestampFormat: undefined,
      retainSize: 1,
      delimiter: ',',
      schemaId: undefined,
      version: '',
      extra: {},
      temp: false,
    },
  })
})

test('columns and options as they are written', (t) => {
  const made = definition(
    'CREATE TABLE t (a BIGINT DEFAULT 5, o STRUCT(x ARRAY(FLOAT))) WITH (DATASOURCE="f.json", FORMAT="Json", SHARED=TRUE, STRICT_VALIDATION="true", EXTRA="{\\"qos\\":1}", TIMESTAMP="a")',
  )
  t.deepEqual(made.columns, [
    { name: 'a', dataType: { type: 'bigint' }, default: 5 },
    {
      name: 'o',
      dataType: {
        type: 'struct',
        fields: { x: { type: 'array', element: { type: 'float' } } },
      },
      default: undefined,
    },
  ])
  t.like(made.options, {
    type: 'file',
    format: 'json',
    shared: true,
    strictValidation: true,
    extra: { qos: 1 },
    timestamp: 'a',
    retainSize: 9999,
  })
})

const refused = test.macro({
  exec(t, change: Partial<Create>, message: string) {
    t.is(t.throws(() => makeDefinition({ ...create, ...change }))?.message, message)
  },
  title: (_, _change, message) => String(message),
})
const here = '(line 1, column 1)'

test(
  refused,
  { name: 'a b' },
  `invalid name "a b" of a stream ${here}; use letters, digits, "_" and "-"`,
)
test(
  refused,
  { options: { FORMT: 'json' } },
  `unknown option key FORMT ${here}; did you mean "FORMAT"?`,
)
test(
  refused,
  { options: { FORMAT: 'jsn' } },
  `option 'format=jsn' is invalid ${here}; did you mean "json"?`,
)
test(
  refused,
  { options: { SHARED: 'perhaps' } },
  `option 'shared=perhaps' is invalid ${here}; expected "true" or "false"`,
)
test(
  refused,
  { options: { RETAIN_SIZE: '-1' } },
  `option 'retain_size=-1' is invalid ${here}; expected a whole number from 0`,
)
test(
  refused,
  { options: { EXTRA: '[1]' } },
  `option 'extra=[1]' is invalid ${here}; expected a JSON object`,
)
test(
  refused,
  { options: { DATASOURCE: true } },
  `option 'datasource=true' is invalid ${here}; expected text in double quotes`,
)
test(
  refused,
  { options: { KIND: 'scan' } },
  `option 'kind=scan' is invalid ${here}; it is for tables: CREATE TABLE`,
)
test(
  refused,
  { kind: 'table', options: { KIND: 'cube' } },
  `option 'kind=cube' is invalid ${here}; expected scan, lookup`,
)
test(
  refused,
  { kind: 'table', options: { KIND: 'lookup', TYPE: 'memory' } },
  `option "key" is required for memory lookup table ${here}; add KEY="column" to WITH`,
)
test(
  refused,
  { kind: 'table', options: { FORMAT: 'binary' } },
  `'binary' format is not supported for table ${here}; use FORMAT="json" or FORMAT="delimited"`,
)
test(
  refused,
  { options: { FORMAT: 'binary' }, columns: [{ name: 'a', column: { type: 'bigint' } }] },
  `'binary' format stream can have only bytea type field ${here}; declare "a" as BYTEA`,
)
test(
  refused,
  {
    options: { FORMAT: 'binary' },
    columns: [
      { name: 'a', column: { type: 'bytea' } },
      { name: 'b', column: { type: 'bytea' } },
    ],
  },
  `'binary' format stream can have only one field ${here}; keep one column of type BYTEA`,
)
test(
  refused,
  {
    columns: [
      { name: 'a', column: { type: 'bytea' } },
      { name: 'a', column: { type: 'float' } },
    ],
  },
  `duplicate column "a" ${here}`,
)
