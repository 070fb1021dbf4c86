import test from 'ava'
import type { WindowSpec } from '#src/plan/plan.ts'
import { chain, plan } from './fixture.ts'

const spec = test.macro({
  exec(t, window: string, expected: Partial<WindowSpec>) {
    const [, node] = chain(plan(`SELECT a FROM demo GROUP BY ${window}`))
    t.is(node?.type, 'window')
    t.deepEqual(node?.type === 'window' ? node.spec : undefined, expected as WindowSpec)
  },
  title: (_, window) => String(window),
})

test(spec, 'TUMBLINGWINDOW(ss, 10)', { window: 'tumbling', lengthMs: 10_000, unit: 'ss' })
test(spec, 'TumblingWindow(Dd, 1)', { window: 'tumbling', lengthMs: 86_400_000, unit: 'dd' })
test(spec, 'HOPPINGWINDOW(mi, 4, 2)', {
  window: 'hopping',
  lengthMs: 240_000,
  intervalMs: 120_000,
  unit: 'mi',
})
test(spec, 'SLIDINGWINDOW(ms, 500)', {
  window: 'sliding',
  lengthMs: 500,
  delayMs: 0,
  when: undefined,
})
test(spec, 'SLIDINGWINDOW(ss, 10, 5)', {
  window: 'sliding',
  lengthMs: 10_000,
  delayMs: 5000,
  when: undefined,
})
test(spec, 'SESSIONWINDOW(hh, 2, 1)', {
  window: 'session',
  maxMs: 7_200_000,
  timeoutMs: 3_600_000,
  partition: [],
})
test(spec, 'COUNTWINDOW(5)', { window: 'count', length: 5, interval: 5 })
test(spec, 'COUNTWINDOW(5, 2)', { window: 'count', length: 5, interval: 2 })

const column = (name: string) => ({ type: 'column', name, dataType: { type: 'any' } }) as const

test(spec, 'SLIDINGWINDOW(ss, 1) OVER (WHEN hot)', {
  window: 'sliding',
  lengthMs: 1000,
  delayMs: 0,
  when: column('hot'),
})
test(spec, 'SESSIONWINDOW(ss, 9, 3) OVER (PARTITION BY k)', {
  window: 'session',
  maxMs: 9000,
  timeoutMs: 3000,
  partition: [column('k')],
})
test(spec, 'STATEWINDOW(a, b) OVER (PARTITION BY k)', {
  window: 'state',
  begin: column('a'),
  emit: column('b'),
  partition: [column('k')],
})
test(spec, 'STATEWINDOW(a)', {
  window: 'state',
  begin: column('a'),
  emit: undefined,
  partition: [],
})

test('a filter of the window stands in its node', (t) => {
  const sql = 'SELECT a FROM demo GROUP BY COUNTWINDOW(2) FILTER (WHERE ok)'
  t.like(chain(plan(sql))[1], { type: 'window', filter: column('ok') })
  t.like(chain(plan(sql.replace('a FROM', 'sum(a) FROM')))[1], {
    type: 'aggregate',
    filter: column('ok'),
    window: { window: 'count', length: 2, interval: 2 },
  })
})

test('a column may be called like a unit everywhere else', (t) => {
  const made = plan('SELECT ss, ms + mi AS x FROM demo WHERE dd > 1 GROUP BY hh, COUNTWINDOW(2)')
  t.deepEqual([...(made.sources[0]?.columns ?? [])].sort(), ['dd', 'hh', 'mi', 'ms', 'ss'])
})
