import test from 'ava'
import { explain } from '#src/plan/explain.ts'
import type { OperatorId } from '#src/plan/plan.ts'
import { chain, kinds, type PlanOptions, plan } from './fixture.ts'

const ANY = { type: 'any' } as const
const a = { type: 'column', name: 'a', dataType: ANY } as const

test('the plan of a small statement, whole', (t) => {
  const made = plan('SELECT a, a * 2 AS b FROM demo WHERE a > 1 + 2')
  const [source, project] = chain(made).map((node) => node.id)
  const float = { type: 'float' } as const
  const two = { type: 'literal', value: 2, dataType: { type: 'bigint' } } as const
  const three = { type: 'literal', value: 3, dataType: { type: 'bigint' } } as const
  t.deepEqual(made, {
    ruleId: 'rule',
    sources: [
      {
        name: 'demo',
        stream: 'demo',
        type: 'mqtt',
        kind: 'stream',
        format: 'json',
        delimiter: ',',
        schema: undefined,
        columns: ['a'],
        strict: false,
        wholeIsBigint: false,
        meta: [],
        timestamp: undefined,
        timeAs: undefined,
        plugin: undefined,
        concurrency: 1,
      },
    ],
    root: {
      type: 'project',
      id: project as OperatorId,
      input: {
        type: 'source',
        id: source as OperatorId,
        source: 0,
        filter: {
          type: 'binary',
          operator: '>',
          left: a,
          right: three,
          dataType: { type: 'boolean' },
        },
      },
      fields: [
        { type: 'value', name: 'a', expression: a },
        {
          type: 'value',
          name: 'b',
          expression: { type: 'binary', operator: '*', left: a, right: two, dataType: float },
        },
      ],
    },
    emitsBatches: false,
    output: [
      { name: 'a', dataType: ANY, keepsNull: true },
      { name: 'b', dataType: float },
    ],
    hidden: [],
    actions: [
      {
        index: 0,
        type: 'log',
        encode: {
          format: 'json',
          sendSingle: false,
          omitIfEmpty: false,
          fields: undefined,
          excludeFields: undefined,
          delimiter: ',',
          hasHeader: false,
        },
      },
    ],
    plugins: [],
    settings: {
      isEventTime: false,
      lateToleranceMs: 1000,
      idleTimeoutMs: 0,
      maxDriftMs: 0,
      analyticExpiryMs: 0,
      sendNilField: false,
      sendError: false,
      debug: false,
      timeZone: 'UTC',
    },
  })
})

/** What a plan reads, does and gives, in a few words. */
interface Facts {
  readonly kinds: string
  /** Of the select list, as explain shows it. */
  readonly fields: string
  readonly columns?: readonly string[] | undefined
}

const facts = test.macro({
  exec(t, sql: string, expected: Facts, options?: PlanOptions) {
    const made = plan(sql, options)
    const [line = ''] = explain(made).split('\n')
    const fields = /"info":"Fields:\[ (.*) \]","id"/.exec(line)?.[1]?.replaceAll('\\"', '"')
    const columns = made.sources[0]?.columns
    t.deepEqual({ kinds: kinds(made), fields, columns }, { columns: undefined, ...expected })
    t.deepEqual(structuredClone(made), made, 'a plan is plain data')
  },
  title: (_, sql) => String(sql),
})

test(facts, 'SELECT * FROM demo', { kinds: 'source project', fields: 'demo.*' })
test(facts, 'SELECT demo.* FROM demo', { kinds: 'source project', fields: 'demo.*' })
test(facts, 'SELECT d.a, demo.b, d.m.k FROM demo AS d', {
  kinds: 'source project',
  fields: 'd.a, d.b, d.m->k AS kuiper_field_0',
  columns: ['a', 'b', 'm'],
})
test(facts, 'SELECT a + b AS t, *, b AS a FROM demo', {
  kinds: 'source project',
  fields: 'demo.b + demo.b AS t, demo.* EXCEPT(t, a), demo.b AS a',
})
test(facts, 'SELECT * EXCEPT(a) REPLACE(7 AS a, b + 1 AS b) FROM demo', {
  kinds: 'source project',
  fields: 'demo.* EXCEPT(a, b), 7 AS a, demo.b + 1 AS b',
})
test(facts, 'SELECT * EXCEPT(a, b), a + 1 AS x FROM typed', {
  kinds: 'source project',
  fields: 'typed.* EXCEPT(a, b, x), typed.a + 1 AS x',
  columns: ['a', 'c', 'o', 'arr', 'ts'],
})
test(
  facts,
  'SELECT a + b, a->b, upper(c), ABS(a), echo(b), meta(x), -1, CASE WHEN a > 1 THEN 2 END FROM demo',
  {
    kinds: 'source project',
    fields:
      'demo.a + demo.b AS kuiper_field_0, demo.a->b AS kuiper_field_1, upper(demo.c) AS upper, abs(demo.a) AS abs, ' +
      'echo(demo.b) AS echo, meta(x) AS meta, -1 AS kuiper_field_2, CASE WHEN demo.a > 1 THEN 2 END AS kuiper_field_3',
    columns: ['a', 'b', 'c'],
  },
)
test(facts, 'SELECT x * 2 AS y, a + 1 AS x FROM demo', {
  kinds: 'source project',
  fields: '(demo.a + 1) * 2 AS y, demo.a + 1 AS x',
  columns: ['a'],
})
test(facts, 'SELECT a + 1 AS a, a * 2 AS b FROM demo WHERE a > 3', {
  kinds: 'source project',
  fields: 'demo.a + 1 AS a, (demo.a + 1) * 2 AS b',
  columns: ['a'],
})
test(facts, 'SELECT m->n AS q, q->o AS w, q.p AS v FROM demo', {
  kinds: 'source project',
  fields: 'demo.m->n AS q, demo.m->n->o AS w, demo.m->n->p AS v',
  columns: ['m'],
})
test(facts, 'SELECT a + b AS t INVISIBLE, t * 2 AS u FROM demo WHERE t > 2', {
  kinds: 'source project',
  fields: '(demo.a + demo.b) * 2 AS u',
  columns: ['a', 'b'],
})
test(facts, 'SELECT count(*) AS c FROM demo WHERE v > 0 GROUP BY TUMBLINGWINDOW(ss, 1)', {
  kinds: 'source aggregate project',
  fields: '$agg0 AS c',
  columns: ['v'],
})
test(
  facts,
  'SELECT c, count(*) AS n, sum(b) AS t, d->e AS e FROM demo GROUP BY TUMBLINGWINDOW(ss, 1), c',
  {
    kinds: 'source aggregate project',
    fields: '$key0 AS c, $agg0 AS n, $agg1 AS t, $first0 AS e',
    columns: ['c', 'b', 'd'],
  },
)
test(facts, 'SELECT collect(v) AS vs FROM demo WHERE v != 2 GROUP BY COUNTWINDOW(3)', {
  kinds: 'source window where aggregate project',
  fields: '$agg0 AS vs',
  columns: ['v'],
})
test(facts, 'SELECT a FROM demo WHERE v != 2 GROUP BY SLIDINGWINDOW(ss, 3)', {
  kinds: 'source window where project',
  fields: 'demo.a',
  columns: ['v', 'a'],
})
test(facts, 'SELECT upper(k) AS u, k FROM demo GROUP BY COUNTWINDOW(5), k', {
  kinds: 'source aggregate project',
  fields: 'upper($key0) AS u, $key0 AS k',
  columns: ['k'],
})
test(facts, 'SELECT collect(*)[1]->b AS r FROM demo GROUP BY COUNTWINDOW(5)', {
  kinds: 'source aggregate project',
  fields: '$agg0[1]->b AS r',
})
test(facts, 'SELECT *, count(*) AS n FROM demo GROUP BY COUNTWINDOW(5)', {
  kinds: 'source aggregate project',
  fields: 'demo.* EXCEPT(n), $agg0 AS n',
})
test(facts, 'SELECT sum(a) / count(*) AS m, sum(a) AS s FROM demo', {
  kinds: 'source aggregate project',
  fields: '$agg0 / $agg1 AS m, $agg0 AS s',
  columns: ['a'],
})
test(facts, 'SELECT avg(t) AS t FROM demo WHERE t > 3 GROUP BY COUNTWINDOW(3) HAVING t > 4', {
  kinds: 'source window where aggregate having project',
  fields: '$agg0 AS t',
  columns: ['t'],
})
test(facts, 'SELECT a, b FROM demo GROUP BY COUNTWINDOW(5) ORDER BY b, a DESC LIMIT 2', {
  kinds: 'source window sort limit project',
  fields: 'demo.a, demo.b',
  columns: ['a', 'b'],
})
test(facts, 'SELECT a FROM demo GROUP BY COUNTWINDOW(2), b ORDER BY count(*)', {
  kinds: 'source aggregate sort project',
  fields: '$first0 AS a',
  columns: ['b', 'a'],
})
test(facts, 'SELECT a FROM demo ORDER BY a DESC LIMIT 3', {
  kinds: 'source project',
  fields: 'demo.a',
  columns: ['a'],
})
test(facts, 'SELECT a FROM demo LIMIT 0', {
  kinds: 'source limit project',
  fields: 'demo.a',
  columns: ['a'],
})
test(facts, 'SELECT lag(v) AS l, l + 1 AS m, lag(l) AS k FROM demo WHERE lag(v) != v', {
  kinds: 'source analytic analytic where project',
  fields: '$analytic0 AS l, $analytic0 + 1 AS m, $analytic1 AS k',
  columns: ['v'],
})
test(facts, 'SELECT lag(sum(v)) AS l FROM demo GROUP BY COUNTWINDOW(2)', {
  kinds: 'source aggregate analytic project',
  fields: '$analytic0 AS l',
  columns: ['v'],
})
test(facts, 'SELECT rand() AS r, r * 2 AS d FROM demo WHERE r > 0.5', {
  kinds: 'source compute where project',
  fields: '$alias0 AS r, $alias0 * 2 AS d',
  columns: [],
})
test(facts, 'SELECT echo(a) AS e, e + 1 AS f FROM demo WHERE a > 1', {
  kinds: 'source compute project',
  fields: '$alias0 AS e, $alias0 + 1 AS f',
  columns: ['a'],
})
test(facts, 'SELECT echo(a) AS e, max_of, sum(e) AS s FROM demo GROUP BY COUNTWINDOW(2)', {
  kinds: 'source compute aggregate project',
  fields: '$first0 AS e, $first1 AS max_of, $agg0 AS s',
  columns: ['a', 'max_of'],
})
test(facts, 'SELECT echo(sum(a)) AS e, e + 1 AS f FROM demo GROUP BY COUNTWINDOW(2)', {
  kinds: 'source aggregate compute project',
  fields: '$alias0 AS e, $alias0 + 1 AS f',
  columns: ['a'],
})
test(facts, 'SELECT a FROM demo WHERE b > 1 AND meta(qos) = 1 AND c > 2', {
  kinds: 'source where project',
  fields: 'demo.a',
  columns: ['b', 'c', 'a'],
})
test(facts, 'SELECT a FROM demo WHERE echo(b) = 1 AND c > 2', {
  kinds: 'source where project',
  fields: 'demo.a',
  columns: ['b', 'c', 'a'],
})
test(facts, 'SELECT a FROM demo WHERE 1 = 1', {
  kinds: 'source project',
  fields: 'demo.a',
  columns: ['a'],
})
test(
  facts,
  'SELECT a FROM demo WHERE b = 1',
  { kinds: 'source where project', fields: 'demo.a' },
  {
    options: {
      planOptimizeStrategy: {
        optimizeControl: { disableOptimizeRules: ['columnPruner', 'predicatePushDown'] },
      },
    },
  },
)
test(
  facts,
  'SELECT a AS x FROM demo',
  { kinds: 'source project', fields: 'demo.a AS x, meta(*) AS __meta', columns: ['a'] },
  { options: { sendMetaToSink: true } },
)

test('metadata is read once per key, whatever it is called by', (t) => {
  const made = plan(
    'SELECT meta(topic) AS t, mqtt(topic) AS u, meta(d.a->b) AS v, mqtt(messageid) AS w, meta(*) AS x FROM demo AS d',
  )
  t.deepEqual(made.sources[0]?.meta, [
    { path: ['topic'], as: 'meta(topic)' },
    { path: ['a', 'b'], as: 'meta(a->b)' },
    { path: ['messageid'], as: 'meta(messageid)' },
    { path: [], as: 'meta(*)' },
  ])
  t.deepEqual(made.hidden, ['meta(topic)', 'meta(a->b)', 'meta(messageid)', 'meta(*)'])
})

test('event time: its column is read although nobody selects it', (t) => {
  const made = plan('SELECT a, event_time() AS e FROM typed', {
    options: { isEventTime: true, lateTolerance: '2s' },
  })
  const [source] = made.sources
  t.deepEqual(source?.timestamp, { column: 'ts', format: 'yyyy' })
  t.deepEqual(source?.columns, ['a', 'ts'])
  t.is(source?.timeAs, 'event_time()')
  t.is(made.settings.lateToleranceMs, 2000)
})

test('an aggregation without a window makes a group of every row', (t) => {
  const [, aggregate] = chain(plan('SELECT sum(a) AS s FROM demo'))
  t.like(aggregate, { type: 'aggregate', perRow: true, window: undefined, keys: [] })
  const [, windowed] = chain(plan('SELECT sum(a) AS s FROM demo GROUP BY COUNTWINDOW(2)'))
  t.like(windowed, { type: 'aggregate', perRow: undefined })
})

test('whole numbers of a stream are BIGINT where its configuration says so', (t) => {
  const sql = 'SELECT a, a / 2 AS h FROM demo'
  t.deepEqual(plan(sql).output, [
    { name: 'a', dataType: { type: 'any' }, keepsNull: true },
    { name: 'h', dataType: { type: 'float' } },
  ])
  const whole = { type: 'any', wholeIsBigint: true } as const
  t.deepEqual(plan(sql, { settings: { wholeIsBigint: true } }).output, [
    { name: 'a', dataType: whole, keepsNull: true },
    { name: 'h', dataType: whole },
  ])
})

test('types follow the schema into objects and arrays', (t) => {
  const sql = 'SELECT a / 2 AS i, a / c AS f, o->y AS s, arr[0] AS e, a > 1 AS b FROM typed'
  const types = plan(sql).output?.map(({ dataType }) => dataType.type)
  t.deepEqual(types, ['bigint', 'float', 'string', 'bigint', 'boolean'])
})

test('plugins that a rule uses are listed once', (t) => {
  const made = plan('SELECT echo(a) AS x, echo(b) AS y FROM random', {
    actions: [
      { type: 'mysql', props: { table: 't' } },
      { type: 'log', props: {} },
    ],
  })
  t.deepEqual(
    made.plugins.map(({ kind, name }) => `${kind} ${name}`),
    ['function echo', 'source random', 'sink mysql'],
  )
  t.is(made.sources[0]?.plugin, 1)
  t.like(made.actions[0], { index: 0, plugin: 2, props: { table: 't' } })
  t.is(made.actions[1]?.plugin, undefined)
})

test('a chain of aliases does not grow with each use', (t) => {
  const links = Array.from({ length: 60 }, (_, i) => `b${i} + b${i} AS b${i + 1}`)
  const made = plan(`SELECT a + a AS b0, ${links.join(', ')} FROM demo`)
  t.true(JSON.stringify(made).length < 100_000)
})

test('the first letter of TYPE may be a capital', (t) => {
  const made = plan('SELECT a FROM Upper')
  t.is(made.sources[0]?.type, 'random')
  t.deepEqual(
    made.plugins.map(({ name }) => name),
    ['random'],
  )
})

test('a statement is parsed and planned in less than 2 ms of processor time', (t) => {
  const sql =
    'SELECT k, v % 2 AS o, count(*) AS c FROM demo WHERE v > 1 + 1 GROUP BY k, o, TUMBLINGWINDOW(ss, 10) HAVING c > 1 ORDER BY c DESC'
  const ROUND = 20
  const rounds = Array.from({ length: 20 }, () => {
    const before = process.cpuUsage()
    for (let i = 0; i < ROUND; i++) plan(sql)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000 / ROUND
  })
  const ms = Math.min(...rounds)
  t.log(`${ms.toFixed(2)} ms`)
  t.true(ms < 2, `${rounds} ms`)
})
