import test from 'ava'
import { ExtensionStates } from '#src/state/extension-states.ts'
import { collect, feed, flowOf, payloads, planOf } from './rule.ts'

type Rows = Readonly<Record<string, unknown>>[]
interface Case {
  readonly props: Record<string, unknown>
  readonly gets: readonly Rows[]
  readonly sql?: string
}

const input = [
  { a: 1, b: 'x', o: { p: 1 }, l: [{ q: 1 }, { q: 2 }] },
  { a: 2, b: 'y', o: { p: 2 }, l: [] },
]
const all = 'SELECT * FROM demo'
const pair = 'SELECT a, b FROM demo GROUP BY COUNTWINDOW(2)'
const cases: readonly Case[] = [
  { props: { fields: ['b', 'none'] }, gets: [[{ b: 'x', none: null }], [{ b: 'y', none: null }]] },
  { props: { excludeFields: ['o', 'l', 'b'] }, gets: [[{ a: 1 }], [{ a: 2 }]] },
  { props: { dataField: 'o' }, gets: [[{ p: 1 }], [{ p: 2 }]] },
  { props: { dataField: 'l', sendSingle: true }, gets: [[{ q: 1 }, { q: 2 }], []] },
  {
    props: { dataTemplate: '{"twice": {{.a}}{{.a}}, "b": "{{.b}}"}', sendSingle: true },
    gets: [[{ twice: 11, b: 'x' }], [{ twice: 22, b: 'y' }]],
  },
  {
    props: { dataTemplate: '{"s": {{.a}}, "t": 1}', sendSingle: true, fields: ['s'] },
    gets: [[{ s: 1 }], [{ s: 2 }]],
  },
  { props: { batchSize: 2, fields: ['a'] }, gets: [[{ a: 1 }, { a: 2 }]] },
  { props: { batchSize: 2, dataField: 'o' }, gets: [[{ p: 1 }, { p: 2 }]] },
  { props: { fields: ['a'] }, sql: pair, gets: [[{ a: 1 }, { a: 2 }]] },
  { props: { fields: ['a'], sendSingle: true }, sql: pair, gets: [[{ a: 1 }], [{ a: 2 }]] },
  // `lag(a)` stands in a hidden column on its way.
  {
    props: {},
    sql: 'SELECT *, lag(a) AS before FROM demo WHERE a > 1 AND lag(a) = 1',
    gets: [[{ ...input[1], before: 1 }]],
  },
  {
    props: { omitIfEmpty: true, excludeFields: ['b'] },
    sql: 'SELECT b FROM demo',
    gets: [],
  },
]

for (const isHosted of [false, true]) {
  for (const { props, gets, sql = all } of cases) {
    const where = isHosted ? 'through the host' : 'at once'
    test(`a sink that takes rows gets what ${JSON.stringify(props)} makes of ${sql}, ${where}`, (t) => {
      const taken: unknown[] = []
      const sink = {
        accepts: 'rows' as const,
        takeBytes: () => t.fail(),
        takeRows: (rows: unknown[]) => taken.push(rows),
        room: () => undefined,
      }
      const flow = flowOf(planOf(sql, { actions: [{ type: 'log', props }] }), {
        plugins: {
          call: none,
          aggregator: none,
          sink: () => (isHosted ? undefined : sink),
          hosted: () => (isHosted ? ('rows' as const) : undefined),
          states: new ExtensionStates(),
        },
      })
      const tuples = input.map((payload, i) => ({ payload, time: 1000 + i }))
      const { emissions, errors } = collect(flow, feed(tuples, { end: true }))
      t.deepEqual(errors, [])
      t.deepEqual(isHosted ? payloads(emissions) : taken, [...gets])
      t.deepEqual(flow.snapshot().positions, [gets.length])
    })
  }
}

test('what a template makes that is no row is an error of its row, and the others go on', (t) => {
  const taken: unknown[] = []
  const props = { dataTemplate: '{{if eq .a 1}}oops{{else}}{"a": {{.a}}}{{end}}', sendSingle: true }
  const flow = flowOf(planOf('SELECT a FROM demo', { actions: [{ type: 'log', props }] }), {
    plugins: {
      call: none,
      aggregator: none,
      sink: () => ({
        accepts: 'rows',
        takeBytes: () => t.fail(),
        takeRows: (rows, sequence) => taken.push([rows, sequence]),
        room: () => undefined,
      }),
      states: new ExtensionStates(),
    },
  })
  const tuples = input.map((payload, i) => ({ payload, time: 1000 + i }))
  const { errors } = collect(flow, feed(tuples))
  t.regex(errors[0]?.message ?? '', /what dataTemplate makes is no JSON: oops/)
  t.deepEqual(taken, [[[{ a: 2 }], 1]])
})

function none(): never {
  throw new Error('no functions')
}
