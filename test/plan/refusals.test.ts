import test from 'ava'
import { refused } from './refused.ts'

const window = 'GROUP BY COUNTWINDOW(2)'

// Streams
test(
  refused,
  'SELECT a FROM dmeo',
  'unknown-stream',
  'fail to get stream dmeo, please check if stream is created (line 1, column 15); did you mean "demo"?',
)
test(
  refused,
  'SELECT a FROM\n  elsewhere',
  'unknown-stream',
  'fail to get stream elsewhere, please check if stream is created (line 2, column 3); CREATE STREAM elsewhere first',
)
test(
  refused,
  'SELECT a FROM nowhere',
  'bad-option',
  'stream nowhere needs the source plugin "rendom" (line 1, column 15); did you mean "random"?',
)
test(
  refused,
  'SELECT a FROM proto',
  'not-supported',
  'format protobuf of stream proto is not supported yet (line 1, column 15)',
)
test(
  refused,
  'SELECT a FROM hidden',
  'bad-option',
  'stream hidden is temporary (line 1, column 15); only a rule with temp can read it',
)
test(
  refused,
  'SELECT a FROM lookup',
  'bad-join',
  'lookup table lookup in FROM (line 1, column 15); it has no rows of its own to give: join it to a stream',
)
test(
  refused,
  'SELECT a FROM demo INNER JOIN typed ON demo.a = typed.a',
  'bad-join',
  'a time window or count window is required to join multiple streams (line 1, column 31); add one to GROUP BY, such as TUMBLINGWINDOW(ss, 10)',
)
test(
  refused,
  'SELECT a FROM shared',
  'bad-option',
  'disableBufferFullDiscard cannot be used with the shared stream shared (line 1, column 15); one rule that waits would stop all others',
  { options: { disableBufferFullDiscard: true } },
)
test(
  refused,
  'SELECT a FROM demo',
  'bad-option',
  'preprocessor is set to be event time but stream option TIMESTAMP not found (line 1, column 15); add TIMESTAMP="column" to stream demo, or leave isEventTime out',
  { options: { isEventTime: true } },
)
test(
  refused,
  `SELECT a FROM demo ${window}`,
  'not-supported',
  'sendMetaToSink with a window (line 1, column 1); select meta(*) where it is needed',
  { options: { sendMetaToSink: true } },
)

// Names
test(
  refused,
  'SELECT aa FROM typed',
  'unknown-column',
  'unknown field aa (line 1, column 8); did you mean "a"?',
)
test(
  refused,
  'SELECT a + 1 AS q, q + temperature AS r FROM typed',
  'unknown-column',
  'unknown field temperature (line 1, column 24); "typed" has a, b, c, o, arr, ts',
)
test(
  refused,
  'SELECT a FROM typed GROUP BY COUNTWINDOW(2), zzz',
  'unknown-column',
  'unknown field zzz (line 1, column 46); "typed" has a, b, c, o, arr, ts',
)
test(
  refused,
  'SELECT o->xx FROM typed',
  'unknown-column',
  'unknown field xx of a STRUCT (line 1, column 8); did you mean "x"?',
)
test(
  refused,
  'SELECT a->x FROM typed',
  'wrong-type',
  'cannot take ->x of a BIGINT (line 1, column 8); only objects have fields',
)
test(
  refused,
  'SELECT dmo.* FROM demo',
  'unknown-stream',
  'no stream dmo in this statement (line 1, column 8); did you mean "demo"?',
)
test(
  refused,
  'SELECT abs(a), abs(b) FROM demo',
  'duplicate-name',
  'duplicate field definition abs (line 1, column 16); give one of them another name with AS',
)
test(
  refused,
  'SELECT a, b AS a FROM demo',
  'duplicate-name',
  'duplicate field definition a (line 1, column 11); give one of them another name with AS',
)
test(
  refused,
  'SELECT a AS Abc, b AS abc FROM demo',
  'duplicate-name',
  'duplicate alias abc (line 1, column 18); it differs from "Abc" in case only',
)
test(
  refused,
  'SELECT b + 1 AS a, c AS b, a AS c FROM demo',
  'cyclic-alias',
  'select fields have cycled alias: a -> b -> c -> a (line 1, column 28); give one of them a name that no other field uses',
)

// Functions
test(
  refused,
  'SELECT uper(a) FROM demo',
  'unknown-function',
  'function uper not found (line 1, column 8); did you mean "upper"?',
)
test(
  refused,
  'SELECT Echo(a) FROM demo',
  'unknown-function',
  'function Echo not found (line 1, column 8); did you mean "echo"?',
)
test(
  refused,
  'SELECT labelImage(a) FROM demo',
  'unknown-function',
  'function labelImage not found (line 1, column 8); install the plugin that brings it',
)
test(
  refused,
  'SELECT abs(a, b) FROM demo',
  'wrong-arguments',
  'validate function abs error: Expect 1 arguments but found 2. (line 1, column 8)',
)
test(
  refused,
  'SELECT abs("x") FROM demo',
  'wrong-arguments',
  'validate function abs error: Expect number - float or int type for parameter 1 (line 1, column 8)',
)
test(
  refused,
  'SELECT abs(b) FROM typed',
  'wrong-arguments',
  'validate function abs error: Expect number - float or int type for parameter 1 (line 1, column 8)',
)
test(
  refused,
  'SELECT abs(a) OVER (PARTITION BY b) FROM demo',
  'wrong-arguments',
  'found OVER after non analytic function abs (line 1, column 8); it goes with functions such as lag and latest',
)
test(
  refused,
  'SELECT abs(*) FROM demo',
  'wrong-arguments',
  'a * cannot stand here (line 1, column 12); it stands for all columns in a select list or in an aggregate such as count(*)',
)
test(
  refused,
  'SELECT mqtt(qos) FROM demo',
  'wrong-arguments',
  'function mqtt knows topic and messageid (line 1, column 8); write mqtt(topic)',
)
test(
  refused,
  'SELECT meta(1 + 2) FROM demo',
  'wrong-arguments',
  'function meta expects the name of a metadata key (line 1, column 8); write meta(key) or meta(*)',
)
test(
  refused,
  'SELECT abs(unnest(a)) FROM demo',
  'wrong-arguments',
  "select clause shouldn't has nested set-returning-functions (line 1, column 12); make it a field of its own in the select list",
)
test(
  refused,
  'SELECT a[2:1] FROM demo',
  'wrong-arguments',
  "colon start value can't be greater than end value (line 1, column 8); write [1:2]",
)
test(
  refused,
  'SELECT CASE WHEN a THEN 1 END FROM typed',
  'wrong-type',
  'invalid CASE expression, WHEN expression must be a bool condition (line 1, column 18); this is a BIGINT',
)
