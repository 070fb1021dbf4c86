import test from 'ava'
import { explain } from '#src/plan/explain.ts'
import { plan } from './fixture.ts'

/** Without ids: those have tests of their own. */
function text(sql: string): readonly string[] {
  return explain(plan(sql))
    .replaceAll(/,"id":"[a-z]+-[0-9a-f]{16}"/g, '')
    .split('\n')
}

test('a plan is shown as the peer shows it, each input one tab deeper', (t) => {
  t.deepEqual(text('SELECT a FROM demo'), [
    '{"op":"ProjectPlan_0","info":"Fields:[ demo.a ]"}',
    '\t{"op":"DataSourcePlan_1","info":"StreamName: demo, StreamFields:[ a ]"}',
  ])
})

test('every line is JSON with the id of its operator', (t) => {
  for (const line of explain(plan('SELECT a FROM demo WHERE a > 1 AND meta(x) = 2')).split('\n')) {
    const { op, info, id } = JSON.parse(line)
    t.regex(op, /^[A-Z][A-Za-z]+Plan_\d$/)
    t.is(typeof info, 'string')
    t.regex(id, /^(source|filter|project)-[0-9a-f]{16}$/)
  }
})

test('all kinds of nodes', (t) => {
  const sql =
    'SELECT lag(v) AS l, count(DISTINCT a) FILTER (WHERE b > 0) AS n FROM demo WHERE NOT (a IN (1, 2) OR c LIKE "x%") ' +
    'GROUP BY TUMBLINGWINDOW(ss, 10) FILTER (WHERE a IS NOT NULL), k HAVING n BETWEEN 1 AND 5 ORDER BY n DESC LIMIT 3'
  t.deepEqual(
    text(sql).map((line) => line.trim()),
    [
      '{"op":"ProjectPlan_0","info":"Fields:[ $first0 AS l, $agg0 AS n ]"}',
      '{"op":"LimitPlan_1","info":"Limit: 3"}',
      '{"op":"OrderPlan_2","info":"SortFields:[ $agg0 DESC ]"}',
      '{"op":"HavingPlan_3","info":"Condition:{ $agg0 BETWEEN 1 AND 5 }"}',
      '{"op":"AggregatePlan_4","info":"Dimension:{ demo.k }, Aggregates:[ count(DISTINCT demo.a) FILTER (WHERE demo.b > 0) AS $agg0 ], First:[ $analytic0 AS $first0 ]"}',
      '{"op":"WindowPlan_5","info":"{ windowType:TUMBLING_WINDOW, lengthMs:10000 }, Filter:{ demo.a IS NOT NULL }"}',
      '{"op":"FilterPlan_6","info":"Condition:{ NOT ((demo.a IN (1, 2)) OR (demo.c LIKE \\"x%\\")) }"}',
      '{"op":"AnalyticFuncsPlan_7","info":"Funcs:[ lag(demo.v) AS $analytic0 ]"}',
      '{"op":"DataSourcePlan_8","info":"StreamName: demo, StreamFields:[ a, c, k, v, b ]"}',
    ],
  )
})

test('a filter that runs next to the decoder has a line of its own', (t) => {
  t.deepEqual(text('SELECT a FROM demo WHERE a > 1').slice(1), [
    '\t{"op":"FilterPlan_1","info":"Condition:{ demo.a > 1 }, in the source"}',
    '\t\t{"op":"DataSourcePlan_2","info":"StreamName: demo, StreamFields:[ a ]"}',
  ])
})
