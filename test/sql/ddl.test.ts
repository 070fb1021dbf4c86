import test from 'ava'
import type { Statement } from '#src/sql/ast.ts'
import { SqlError, type SqlErrorCode } from '#src/sql/errors.ts'
import { parseStatement } from '#src/sql/parse.ts'
import { withoutPositions } from './positions.ts'

const trees: readonly (readonly [sql: string, tree: object])[] = [
  ['SHOW STREAMS', { type: 'show', kind: 'stream' }],
  ['show tables;', { type: 'show', kind: 'table' }],
  ['DESCRIBE STREAM demo', { type: 'describe', kind: 'stream', name: 'demo' }],
  ['explain table `t-1`', { type: 'explain', kind: 'table', name: 't-1' }],
  ['DROP STREAM stream', { type: 'drop', kind: 'stream', name: 'stream' }],
  [
    'CREATE STREAM demo () WITH (DataSource="a/b", format="Json")',
    {
      type: 'create',
      kind: 'stream',
      name: 'demo',
      columns: undefined,
      options: { DATASOURCE: 'a/b', FORMAT: 'Json' },
    },
  ],
  [
    'CREATE STREAM demo () WITH (SHARED=TRUE, strict_validation=false, TEMP="true",)',
    {
      type: 'create',
      kind: 'stream',
      name: 'demo',
      columns: undefined,
      options: { SHARED: true, STRICT_VALIDATION: false, TEMP: 'true' },
    },
  ],
  [
    'create table parts (id bigint, tags array(string), at struct(x float, y array(struct(z bytea))), t datetime)\n' +
      '  with (datasource="parts.json", kind="lookup", type="file", extra="{\\"qos\\":1}")',
    {
      type: 'create',
      kind: 'table',
      name: 'parts',
      columns: [
        { name: 'id', column: { type: 'bigint' } },
        { name: 'tags', column: { type: 'array', element: { type: 'string' } } },
        {
          name: 'at',
          column: {
            type: 'struct',
            fields: [
              { name: 'x', column: { type: 'float' } },
              {
                name: 'y',
                column: {
                  type: 'array',
                  element: { type: 'struct', fields: [{ name: 'z', column: { type: 'bytea' } }] },
                },
              },
            ],
          },
        },
        { name: 't', column: { type: 'datetime' } },
      ],
      options: { DATASOURCE: 'parts.json', KIND: 'lookup', TYPE: 'file', EXTRA: '{"qos":1}' },
    },
  ],
  [
    'CREATE STREAM s (a BIGINT DEFAULT -5, b FLOAT DEFAULT 2, c STRING DEFAULT "x", d BOOLEAN DEFAULT TRUE,' +
      ' e BIGINT DEFAULT 9007199254740993) WITH ()',
    {
      type: 'create',
      kind: 'stream',
      name: 's',
      columns: [
        { name: 'a', column: { type: 'bigint' }, default: -5 },
        { name: 'b', column: { type: 'float' }, default: 2 },
        { name: 'c', column: { type: 'string' }, default: 'x' },
        { name: 'd', column: { type: 'boolean' }, default: true },
        { name: 'e', column: { type: 'bigint' }, default: 9007199254740993n },
      ],
      options: {},
    },
  ],
  [
    'CREATE STREAM s (order STRING, end BIGINT, stream FLOAT, `größe m` BIGINT, with BOOLEAN) WITH ()',
    {
      type: 'create',
      kind: 'stream',
      name: 's',
      columns: [
        { name: 'order', column: { type: 'string' } },
        { name: 'end', column: { type: 'bigint' } },
        { name: 'stream', column: { type: 'float' } },
        { name: 'größe m', column: { type: 'bigint' } },
        { name: 'with', column: { type: 'boolean' } },
      ],
      options: {},
    },
  ],
]

for (const [sql, tree] of trees) {
  test(`${sql.slice(0, 60)} is understood`, (t) => {
    t.deepEqual(withoutPositions(parseStatement(sql)), tree)
  })
}

test('a definition over several lines, with a comma behind the last column, is understood', (t) => {
  const sql = `CREATE STREAM demo (
\t\tUSERID BIGINT,
\t\tFIRST_NAME STRING,
\t\tLAST_NAME STRING,
\t\tNICKNAMES ARRAY(STRING),
\t\tGender BOOLEAN,
\t\tADDRESS STRUCT(STREET_NAME STRING, NUMBER BIGINT),
\t) WITH (DATASOURCE="mytopic", TYPE="mySource", CONF_KEY="democonf");`
  const statement: Statement = parseStatement(sql)
  if (statement.type !== 'create') return t.fail('no CREATE')
  t.deepEqual(
    statement.columns?.map(({ name, column }) => `${name} ${column.type}`),
    [
      'USERID bigint',
      'FIRST_NAME string',
      'LAST_NAME string',
      'NICKNAMES array',
      'Gender boolean',
      'ADDRESS struct',
    ],
  )
  t.deepEqual(statement.options, {
    DATASOURCE: 'mytopic',
    TYPE: 'mySource',
    CONF_KEY: 'democonf',
  })
})

type Refused = readonly [sql: string, code: SqlErrorCode, message: string]

const keys =
  'DATASOURCE, TYPE, FORMAT, CONF_KEY, KEY, KIND, SHARED, STRICT_VALIDATION, TIMESTAMP, TIMESTAMP_FORMAT, ' +
  'RETAIN_SIZE, SCHEMAID, DELIMITER, VERSION, EXTRA, TEMP'

const refused: readonly Refused[] = [
  [
    'CREATE VIEW v AS SELECT 1',
    'unexpected-token',
    'unexpected "VIEW" (line 1, column 8); expected STREAM or TABLE',
  ],
  [
    'CREATE OR REPLACE STREAM s () WITH ()',
    'unexpected-token',
    'unexpected "OR" (line 1, column 8); expected STREAM or TABLE',
  ],
  [
    'CREATE STREAM',
    'unexpected-end',
    'unexpected end of statement (line 1, column 14); expected the name of a stream',
  ],
  [
    'CREATE STREAM `a b` () WITH ()',
    'unexpected-token',
    '`a b` cannot name a stream (line 1, column 15); use letters, digits, "_" and "-"',
  ],
  [
    'CREATE STREAM s WITH ()',
    'unexpected-token',
    'unexpected "WITH" (line 1, column 17); expected "("',
  ],
  [
    'CREATE STREAM s ()',
    'unexpected-end',
    'unexpected end of statement (line 1, column 19); expected WITH',
  ],
  [
    'CREATE STREAM s (a) WITH ()',
    'unexpected-token',
    'unexpected ")" (line 1, column 19); expected a type: BIGINT, FLOAT, STRING, BYTEA, DATETIME, BOOLEAN, ARRAY, STRUCT',
  ],
  [
    'CREATE STREAM s (a BIGNIT) WITH ()',
    'unexpected-token',
    'unknown type "BIGNIT" (line 1, column 20); did you mean "BIGINT"?',
  ],
  [
    'CREATE STREAM s (a BIGINT b FLOAT) WITH ()',
    'unexpected-token',
    'unexpected "b" (line 1, column 27); expected "," or ")"',
  ],
  [
    'CREATE STREAM s (a BIGINT, a FLOAT) WITH ()',
    'duplicate-name',
    'column "a" is defined twice (line 1, column 28)',
  ],
  [
    'CREATE STREAM s (größe BIGINT) WITH ()',
    'unexpected-token',
    'unexpected "größe" (line 1, column 18); write a name with other letters than a to z in back-ticks',
  ],
  [
    'CREATE STREAM s (a BIGINT DEFAULT 1.5) WITH ()',
    'wrong-type',
    'the default of "a" is not of type BIGINT (line 1, column 35)',
  ],
  [
    'CREATE STREAM s (a BYTEA DEFAULT "x") WITH ()',
    'wrong-type',
    'the default of "a" is not of type BYTEA (line 1, column 34); only BIGINT, FLOAT, STRING and BOOLEAN take a default',
  ],
  [
    'CREATE STREAM s (a BIGINT DEFAULT b) WITH ()',
    'unexpected-token',
    'unexpected "b" (line 1, column 35); expected a number, a string, TRUE or FALSE',
  ],
  [
    "CREATE STREAM s () WITH (DATASOURCE='x')",
    'bad-option',
    "unexpected string 'x' (line 1, column 37); use double quotes",
  ],
  [
    'CREATE STREAM s () WITH (RETAIN_SIZE=3)',
    'bad-option',
    'unexpected "3" (line 1, column 38); write it in double quotes',
  ],
  [
    'CREATE STREAM s () WITH (DATASOURCE=x)',
    'unexpected-token',
    'unexpected "x" (line 1, column 37); expected a string in double quotes, TRUE or FALSE',
  ],
  [
    'CREATE STREAM s () WITH (DATASORCE="x")',
    'unknown-option',
    'unknown option "DATASORCE" (line 1, column 26); did you mean "DATASOURCE"?',
  ],
  [
    'CREATE STREAM s () WITH (BOGUS="x")',
    'unknown-option',
    `unknown option "BOGUS" (line 1, column 26); known are ${keys}`,
  ],
  [
    'CREATE STREAM s () WITH (TYPE="a", type="b")',
    'duplicate-name',
    'option "TYPE" is given twice (line 1, column 36)',
  ],
  [
    'CREATE STREAM s () WITH (SHARED="yes")',
    'bad-option',
    'option "SHARED" cannot be "yes" (line 1, column 33); expected "true" or "false"',
  ],
  [
    'CREATE STREAM s () WITH (TYPE=TRUE)',
    'bad-option',
    'option "TYPE" cannot be true (line 1, column 31); expected a string',
  ],
  [
    'CREATE STREAM s () WITH (FORMAT="jsn")',
    'bad-option',
    'option "FORMAT" cannot be "jsn" (line 1, column 33); did you mean "json"?',
  ],
  [
    'CREATE TABLE s () WITH (KIND="cube")',
    'bad-option',
    'option "KIND" cannot be "cube" (line 1, column 30); expected "scan" or "lookup"',
  ],
  [
    'CREATE TABLE s () WITH (RETAIN_SIZE="-1")',
    'bad-option',
    'option "RETAIN_SIZE" cannot be "-1" (line 1, column 37); expected a whole number',
  ],
  [
    'CREATE TABLE s () WITH (TYPE="memory", KIND="lookup")',
    'bad-option',
    'a memory lookup table needs the option "KEY" (line 1, column 1); name its key column',
  ],
  [
    'CREATE STREAM s (a BYTEA, b BYTEA) WITH (FORMAT="binary")',
    'bad-option',
    'format "binary" allows one column only (line 1, column 1); a binary stream has one column of type BYTEA or none',
  ],
  [
    'CREATE STREAM s (a STRING) WITH (FORMAT="binary")',
    'bad-option',
    'format "binary" needs a column of type BYTEA (line 1, column 1); a binary stream has one column of type BYTEA or none',
  ],
  [
    'CREATE STREAM s () WITH () garbage',
    'unexpected-token',
    'unexpected "garbage" (line 1, column 28); expected the end',
  ],
  [
    'SHOW STREAM',
    'unexpected-token',
    'unexpected "STREAM" (line 1, column 6); expected STREAMS or TABLES',
  ],
  [
    'DROP demo',
    'unexpected-token',
    'unexpected "demo" (line 1, column 6); expected STREAM or TABLE',
  ],
  [
    'DESCRIBE STREAM "demo"',
    'unexpected-token',
    'unexpected string "demo" (line 1, column 17); expected the name of a stream',
  ],
]

for (const [sql, code, message] of refused) {
  test(`${sql} is refused: ${code}`, (t) => {
    const error = t.throws(() => parseStatement(sql), { instanceOf: SqlError })
    t.is(error.message, message)
    t.is(error.code, code)
  })
}

test('types that nest 101 deep are refused', (t) => {
  const nested = (depth: number) =>
    `CREATE STREAM s (a ${'ARRAY('.repeat(depth)}BIGINT${')'.repeat(depth)}) WITH ()`
  t.is(parseStatement(nested(100)).type, 'create')
  const error = t.throws(() => parseStatement(nested(101)), { instanceOf: SqlError })
  t.is(error.message, 'the type nests too deep (line 1, column 620); at most 100 levels')
})
