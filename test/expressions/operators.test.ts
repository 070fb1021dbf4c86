import test from 'ava'
import { outcome, type Row, type Surroundings } from '#test/functions/evaluate.ts'

const row = {
  i: 7,
  j: 2,
  n: -7,
  k: 0,
  f: 2.5,
  big: 9007199254740993n,
  max: 9223372036854775807n,
  s: 'Hello',
  z: null,
  b: true,
  c: false,
  a: [3, 1, 2],
  o: { x: 1, constructor: 5 },
  t: 1709214330123,
}
const schema =
  'i BIGINT, j BIGINT, n BIGINT, k BIGINT, f FLOAT, big BIGINT, max BIGINT, s STRING, z BIGINT, ' +
  'b BOOLEAN, c BOOLEAN, a ARRAY(BIGINT), o STRUCT(x BIGINT, y BIGINT), t DATETIME'

type Cases = readonly (readonly [sql: string, gives: unknown])[]

function table(title: string, surroundings: Surroundings, cases: Cases, values: Row = row): void {
  for (const [sql, gives] of cases) {
    test(`${title}: ${sql}`, (t) => {
      t.deepEqual(outcome(sql, values, surroundings) ?? null, gives)
    })
  }
}

const arithmetic: Cases = [
  ['i + j', 9],
  ['i / j', 3],
  ['n / j', -3],
  ['n % j', -1],
  ['k / n', 0],
  ['0 - k', 0],
  ['-k', 0],
  ['i / 2.0', 3.5],
  ['f * j', 5],
  ['z + 1', null],
  ['i / k', { error: 'divided by zero' }],
  ['i % k', { error: 'divided by zero' }],
  ['f / k', { error: 'divided by zero' }],
  ['i / 0', { error: 'divided by zero' }],
  ['i + s', { error: 'invalid operation int64(7) + string(Hello)' }],
  ['f - b', { error: 'invalid operation float64(2.5) - bool(true)' }],
  ['big + 2', 9007199254740995n],
  ['big - big', 0],
  ['i * 1286742750677284', 9007199254740988],
  ['i * 1286742750677285', 9007199254740995n],
  ['max + 1', { error: '9223372036854775807 + 1 is out of the range of bigint' }],
  ['big + f', 9007199254740994],
  ['-big', -9007199254740993n],
  ['-s', { error: 'invalid operation -string(Hello)' }],
  ['i & 3', 3],
  ['i | 8', 15],
  ['i ^ 2', 5],
  ['n & 255', 249],
  ['big & 1', 1],
  ['4294967296 | 1', 4294967297],
  ['f & 1', { error: 'invalid operation float64(2.5) & float64(1)' }],
]

table('BIGINT and FLOAT', { schema }, arithmetic)

table('numbers of a schemaless stream are FLOAT', { int: false }, [
  ['i / j', 3.5],
  ['i / 2', 3.5],
  ['5 / 2', 2],
  ['i % j', 1],
  ['i & 3', { error: 'invalid operation float64(7) & float64(3)' }],
  ['i | j', { error: 'invalid operation float64(7) | float64(2)' }],
  ['bitand(i, 3)', 3],
  ['5 & 3', 1],
  ['f & 1', { error: 'invalid operation float64(2.5) & float64(1)' }],
  ['k / k', { error: 'divided by zero' }],
  ['i = "a"', { error: 'invalid operation float64(7) = string(a)' }],
])

table('whole numbers are BIGINT where the source says so', { int: true }, [
  ['i / j', 3],
  ['i / f', 2.8],
  ['f / j', 1.25],
  ['i * 9007199254740991', 63050394783186937n],
  ['i = "a"', { error: 'invalid operation int64(7) = string(a)' }],
  ['f = "a"', { error: 'invalid operation float64(2.5) = string(a)' }],
])

table('comparison', { schema }, [
  ['i = 7', true],
  ['i != 7', false],
  ['i <> 8', true],
  ['i < f', false],
  ['big = 9007199254740993', true],
  ['big > 9007199254740992', true],
  ["s = 'Hello'", true],
  ["s < 'World'", true],
  ['b = true', true],
  ['b != c', true],
  ['b < c', { error: 'invalid operation bool(true) < bool(false)' }],
  ['o = o', { error: '= is an invalid operation for map[string]interface {}' }],
  ['a = a', { error: '= is an invalid operation for []interface {}' }],
  ['t > 1709214330000', true],
  ["t >= '2024-02-29T13:45:30.123Z'", true],
  ["t < '2024-02-29 13:45:31'", true],
  ["t < 'soon'", { error: 'cannot compare string(soon) with a time' }],
  ['i BETWEEN 7 AND 7', true],
  ['i BETWEEN j + 1 AND j * 10', true],
  ['i NOT BETWEEN 1 AND 6', true],
  ["s BETWEEN 'A' AND 'Z'", true],
  ["i BETWEEN 'a' AND 'b'", { error: 'between operator cannot compare int64(7) and string(a)' }],
])

table('an unknown comparison is false as a value, and unknown inside an expression', { schema }, [
  ['z = 1', false],
  ['z = z', false],
  ['z IS NULL', true],
  ['i IS NOT NULL', true],
  ['(z = 1) IS NULL', true],
  ['z = 1 OR true', true],
  ['true OR z = 1', true],
  ['z = 1 AND false', false],
  ['z = 1 AND true', false],
  ['(z = 1 AND true) IS NULL', true],
  ['NOT z = 1', false],
  ['NOT (i = 1)', true],
  ['z IN (1, 2)', false],
  ['z NOT IN (1, 2)', false],
  ['(i IN (1, z)) IS NULL', true],
  ['i IN (7, z)', true],
  ['z BETWEEN 1 AND 2', false],
  ['(i BETWEEN z AND 3) IS NULL', false],
  ['i AND b', { error: 'invalid operation int64(7) AND bool(true)' }],
  ['c AND i', false],
  ['b OR i', true],
  ['c OR i', { error: 'invalid operation bool(false) OR int64(7)' }],
  ['NOT s', { error: 'invalid operation NOT string(Hello)' }],
])

table('IN', { schema }, [
  ['i IN (1, 7, 9)', true],
  ['i NOT IN (1, 9)', true],
  ['i IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)', true],
  ["s IN ('a', 'Hello')", true],
  ['i IN a', false],
  ['j IN a', true],
  ["i IN ('a', 7)", { error: 'invalid operation int64(7) = string(a)' }],
  ['big IN (9007199254740993, 1)', true],
])

table('CASE', { schema }, [
  ["CASE WHEN i > 10 THEN 'big' WHEN i > 5 THEN 'middle' ELSE 'small' END", 'middle'],
  ["CASE WHEN z > 10 THEN 'big' END", null],
  ['CASE WHEN b THEN 1 ELSE 0 END', 1],
  ["CASE s WHEN 'Hello' THEN 1 WHEN 'x' THEN 2 END", 1],
  ['CASE i WHEN j THEN 1 ELSE i END', 7],
  ['CASE z WHEN z THEN 1 ELSE 2 END', 2],
])

table('paths, elements and slices', { schema }, [
  ['o->x + a[1]', 2],
  ['a[-1]', 2],
  ['a[i - 6]', 1],
  ['a[5]', { error: 'out of index: 5 of 3' }],
  ['a[-4]', { error: 'out of index: -4 of 3' }],
  ['a[0:2]', [3, 1]],
  ['a[1:]', [1, 2]],
  ['a[:]', [3, 1, 2]],
  ['a[0:-1]', [3, 1]],
  ['a[1:1]', []],
  ['a[3:]', []],
  ['a[5:6]', { error: 'start value is out of index: 5 of 3' }],
  ['a[1:4]', { error: 'end value is out of index: 4 of 3' }],
  ['a[2:-3]', { error: 'start cannot be greater than end: 2 > 0' }],
  ['a[z]', null],
  ['a[z:2]', null],
])

table('what an object inherits is no column', { int: true }, [
  ['o->constructor', 5],
  ['o->toString', null],
  ['toString', null],
  ['`__proto__`', null],
  ['o->`__proto__`', null],
  ['z->x', null],
  ['a->x', { error: 'the result [3,1,2] is not a type of map[string]interface{}' }],
  ['s->x', { error: 'the result Hello is not a type of map[string]interface{}' }],
  ['s[0]', { error: 'the result Hello is not a type of array' }],
])

table('a column named like the prototype is a column', {}, [['`__proto__`', 1]], {
  ...JSON.parse('{"__proto__": 1}'),
})
