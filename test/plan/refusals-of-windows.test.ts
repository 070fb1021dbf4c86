import test from 'ava'
import { plan } from './fixture.ts'
import { refused } from './refused.ts'

const window = 'GROUP BY COUNTWINDOW(2)'

// Aggregates
test(
  refused,
  'SELECT a FROM demo WHERE count(*) > 1',
  'misplaced-aggregate',
  'not allowed to call aggregate function count in WHERE clause (line 1, column 26); use HAVING',
)
test(
  refused,
  `SELECT count(*) AS c FROM demo WHERE c > 1 ${window}`,
  'misplaced-aggregate',
  'the alias c has its value behind the window only, not in WHERE (line 1, column 38); use HAVING',
)
test(
  refused,
  `SELECT a FROM demo ${window}, sum(a)`,
  'misplaced-aggregate',
  'not allowed to call aggregate function sum in GROUP BY clause (line 1, column 45); use it in SELECT, HAVING or ORDER BY',
)
test(
  refused,
  `SELECT sum(count(a)) FROM demo ${window}`,
  'misplaced-aggregate',
  'aggregate function count inside aggregate function sum (line 1, column 12); aggregates cannot be nested; use a second rule over the result of the first',
)
test(
  refused,
  `SELECT c FROM demo ${window}, c HAVING c = "x"`,
  'misplaced-aggregate',
  'not allowed to call non-aggregate functions in HAVING clause: c = "x" (line 1, column 54); move a condition on rows to WHERE',
)

// Windows
test(
  refused,
  'SELECT count(*) FROM demo GROUP BY c',
  'bad-window',
  'select stmt group by should be used with window (line 1, column 36); add a window such as TUMBLINGWINDOW(ss, 10)',
)
test(
  refused,
  'SELECT a FROM demo GROUP BY NOWINDOW(ss, 1)',
  'unknown-function',
  'function NOWINDOW not found (line 1, column 29); install the plugin that brings it',
)
test(
  refused,
  'SELECT a FROM demo GROUP BY TUMBLNGWINDOW(ss, 1)',
  'unknown-function',
  'function TUMBLNGWINDOW not found (line 1, column 29); did you mean "tumblingwindow"?',
)
test(
  refused,
  `SELECT a FROM demo ${window}, TUMBLINGWINDOW(ss, 1)`,
  'bad-window',
  'a second window in GROUP BY (line 1, column 45); keep one; a second rule can window the result of this one',
)
test(
  refused,
  'SELECT TUMBLINGWINDOW(ss, 1) FROM demo',
  'misplaced-window',
  'tumblingwindow cannot stand in SELECT (line 1, column 8); a window belongs into GROUP BY',
)
test(
  refused,
  'SELECT window_start() FROM demo',
  'misplaced-window',
  'window_start() without a window (line 1, column 8); add one to GROUP BY, such as TUMBLINGWINDOW(ss, 10)',
)
test(
  refused,
  `SELECT a FROM demo WHERE window_end() > 1 ${window}`,
  'misplaced-window',
  'window_end() has its value behind the window only, not in WHERE (line 1, column 26); use it in SELECT, HAVING or ORDER BY',
)
test(
  refused,
  'SELECT a FROM demo GROUP BY TUMBLINGWINDOW(sss, 1)',
  'bad-window',
  'the 1st argument for tumblingwindow is expecting timer literal expression (line 1, column 44); did you mean "ss"?',
)
test(
  refused,
  'SELECT a FROM demo GROUP BY TUMBLINGWINDOW("ss", 1)',
  'bad-window',
  'the 1st argument for tumblingwindow is expecting timer literal expression (line 1, column 44); one value of [dd|hh|mi|ss|ms]',
)
test(
  refused,
  'SELECT a FROM demo GROUP BY TUMBLINGWINDOW(ss)',
  'bad-window',
  'the arguments for tumblingwindow should be 2 (line 1, column 29); found 1',
)
test(
  refused,
  'SELECT a FROM demo GROUP BY TUMBLINGWINDOW(ss, 0)',
  'bad-window',
  'invalid parameter value 0 (line 1, column 48); write a whole number greater than 0',
)
test(
  refused,
  'SELECT a FROM demo GROUP BY SLIDINGWINDOW(ss, -1)',
  'bad-window',
  'invalid parameter value -1 (line 1, column 47); write a whole number greater than 0',
)
test(
  refused,
  'SELECT a FROM demo GROUP BY HOPPINGWINDOW(ss, 4, b)',
  'bad-window',
  'argument 3 of hoppingwindow is no whole number (line 1, column 50); write a whole number greater than 0',
)
test(
  refused,
  'SELECT a FROM demo GROUP BY TUMBLINGWINDOW(dd, 999999999999999)',
  'bad-window',
  'tumblingwindow is too long (line 1, column 48)',
)
test(
  refused,
  'SELECT a FROM demo GROUP BY COUNTWINDOW(2, 3)',
  'bad-window',
  'the interval 3 of countwindow is greater than its length 2 (line 1, column 44); use 2 at most',
)
test(
  refused,
  'SELECT a FROM demo GROUP BY TUMBLINGWINDOW(ss, 1) OVER (WHEN a > 1)',
  'bad-window',
  'OVER(WHEN …) cannot be used with tumblingwindow (line 1, column 29); it is for slidingwindow; use FILTER(WHERE …) to keep rows out',
)
test(
  refused,
  'SELECT a FROM demo GROUP BY COUNTWINDOW(1) OVER (PARTITION BY a)',
  'bad-window',
  'OVER(PARTITION BY …) cannot be used with countwindow (line 1, column 29); name the column in GROUP BY beside the window',
)

// Actions
test(
  refused,
  'SELECT a FROM demo',
  'missing-actions',
  'missing rule actions; add one such as {"log": {}}',
  { actions: [] },
)
test(
  refused,
  'SELECT a FROM demo',
  'unknown-action',
  'unknown action "mysqll"; did you mean "mysql"?',
  { actions: [{ type: 'mysqll', props: {} }] },
)

test('a temporary rule reads temporary streams', (t) => {
  t.notThrows(() => plan('SELECT a FROM hidden', { temp: true }))
})

// Joins
test(
  refused,
  'SELECT a FROM typed INNER JOIN demo ON typed.a = demo.a CROSS JOIN shared GROUP BY TUMBLINGWINDOW(ss, 1), c HAVING sum(typed.zz) > 1',
  'unknown-column',
  'unknown field zz (line 1, column 120); "typed" has a, b, c, o, arr, ts',
)
test(
  refused,
  'SELECT x FROM demo INNER JOIN shared ON demo.a = shared.a GROUP BY TUMBLINGWINDOW(ss, 1)',
  'ambiguous-column',
  'ambiguous field x (line 1, column 8); write demo.x or shared.x',
)
test(
  refused,
  'SELECT demo.a FROM demo INNER JOIN demo ON demo.a = demo.b GROUP BY TUMBLINGWINDOW(ss, 1)',
  'duplicate-name',
  'two sources are called demo (line 1, column 36); give one of them another name: demo AS other',
)
test(
  refused,
  'SELECT demo.a FROM demo INNER JOIN shared ON demo.a = typed.a INNER JOIN typed ON typed.a = demo.a GROUP BY TUMBLINGWINDOW(ss, 1)',
  'bad-join',
  'ON of shared names typed, which is joined later (line 1, column 46); change the order of the joins',
)
test(
  refused,
  'SELECT demo.a FROM demo INNER JOIN shared ON lag(demo.a) = shared.a GROUP BY TUMBLINGWINDOW(ss, 1)',
  'bad-join',
  'ON of a join asks for what is computed behind it (line 1, column 46); aggregates and analytic functions have their value in SELECT, and in WHERE or HAVING',
)
test(
  refused,
  'SELECT demo.a FROM demo INNER JOIN shared ON echo(demo.a) = shared.a GROUP BY TUMBLINGWINDOW(ss, 1)',
  'bad-join',
  'functions of plugins cannot stand in ON (line 1, column 46); use them in WHERE',
)
test(
  refused,
  'SELECT demo.a FROM demo INNER JOIN lookup ON demo.id = lookup.id RIGHT JOIN shared ON demo.a = shared.a GROUP BY TUMBLINGWINDOW(ss, 1)',
  'bad-join',
  'RIGHT JOIN shared behind lookup table lookup (line 1, column 77); join lookup tables last',
)
test(
  refused,
  'SELECT event_time() AS t FROM demo INNER JOIN shared ON demo.a = shared.a GROUP BY TUMBLINGWINDOW(ss, 1)',
  'ambiguous-column',
  'event_time() of several streams (line 1, column 8); use window_start() or window_end() behind a join',
)
test(
  refused,
  'SELECT a FROM demo',
  'bad-property',
  'action log: topic cannot be a template for each row; this sink has none',
  { actions: [{ type: 'log', props: { topic: 'at/{{.a}}', dataTemplate: '{{.a}}' } }] },
)
