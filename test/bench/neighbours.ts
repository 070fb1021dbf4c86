import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '#test/bench/reference/compare.mjs'
import { Delays } from './rig/delays.ts'
import { BenchHost } from './rig/host.ts'
import { report, spread } from './rig/print.ts'

/*
 * A rule at 1 000 tuples per second beside a plugin in another rule's worker that loops, allocates, floods its log or
 * computes without end: the delay of its rows from the moment at which they were due, alone, until a limit ends the
 * neighbour, and when it is gone.
 */

const rounds = Number(process.env.ROUNDS ?? 3)
const rate = 1000
const aloneMs = 4000
const longestMs = 10_000
const allowed = { until: 25, after: 1.5 } as const

const neighbours = {
  loops: 'exec() { for (;;); }',
  allocates: 'exec() { const kept = []; for (;;) kept.push(new Array(10_000).fill(kept.length)) }',
  floods: `exec(_, ctx) {
    const flood = () => { for (let i = 0; i < 10_000; i++) ctx.logger.info('x'.repeat(1000)); setImmediate(flood) }
    flood()
    return 1
  }`,
  computes: 'exec() { let sum = 0; for (let i = 0; i < 2e7; i++) sum += Math.sqrt(i); return sum }',
} as const

const delays = new Delays()

interface Phase {
  readonly p99: number
  readonly lost: number
}

interface Round {
  readonly alone: Phase
  readonly until: Phase
  readonly after: Phase
  readonly isEnded: boolean
}

/** Feeds the well-behaved rule until it is time. */
async function phase(isOver: (ms: number) => boolean): Promise<Phase> {
  delays.begin()
  const begin = performance.now()
  let sent = 0
  for (let ms = 0; !isOver(ms); ms = performance.now() - begin) {
    const due = Math.floor((ms * rate) / 1000)
    for (; sent < due; sent++) delays.write('good', `{"t":${begin + (sent * 1000) / rate}}`)
    delays.ring('good')
    await sleep(1)
  }
  for (let waited = 0; delays.taken.length < sent && waited < 5000; waited += 10) await sleep(10)
  return { p99: quantile(delays.taken, 0.99), lost: sent - delays.taken.length }
}

async function beside(neighbour: keyof typeof neighbours): Promise<Round> {
  const host = new BenchHost({ sources: [delays.source], sinks: [delays.sink] })
  const rule = { type: 'fed', sql: 'SELECT t FROM demo' }
  await host.deploy({
    ...rule,
    rule: 'good',
    datasource: 'good',
    actions: [{ type: 'timed', props: { sendSingle: true } }],
  })
  await phase((ms) => ms > 2000) // its code is compiled
  const alone = await phase((ms) => ms > aloneMs)
  const text = `exports.greedy = { ${neighbours[neighbour]}, isAggregate: () => false }`
  await host.deploy({
    ...rule,
    rule: 'greedy',
    datasource: 'greedy',
    sql: 'SELECT greedy(t) AS g FROM demo',
    plugin: { name: 'greedy', text },
  })
  let isEnded = false
  const look = setInterval(async () => {
    const status = await host.cell.status({ tenant: 'default', rule: 'greedy' })
    isEnded ||= (status?.deaths.length ?? 0) > 0
  }, 50)
  for (let i = 0; i < 1000; i++) delays.write('greedy', '{"t":1}')
  delays.ring('greedy')
  const until = await phase((ms) => isEnded || ms > longestMs)
  clearInterval(look)
  await host.stop('greedy')
  const after = await phase((ms) => ms > aloneMs)
  await host.close()
  return { alone, until, after, isEnded }
}

for (const neighbour of Object.keys(neighbours) as (keyof typeof neighbours)[]) {
  const seen: Round[] = []
  for (let round = 0; round < rounds; round++) seen.push(await beside(neighbour))
  const p99 = (key: 'alone' | 'until' | 'after') => seen.map((one) => one[key].p99)
  const by = (key: 'until' | 'after') => seen.map((one) => one[key].p99 / one.alone.p99)
  const lost = seen.flatMap(({ alone, until, after }) => [alone.lost, until.lost, after.lost])
  report(
    `a rule at ${rate}/s beside a plugin that ${neighbour}`,
    `p99 ${spread(p99('until'), 1)} ms (≤ ${allowed.until})`,
    `ratio ${spread(by('until'))} by alone, ${spread(by('after'))} when it is gone (≤ ${allowed.after})`,
    `alone ${spread(p99('alone'), 1)} ms`,
    `${lost.reduce((all, one) => all + one, 0)} rows lost`,
    `ended by a limit in ${seen.filter(({ isEnded }) => isEnded).length} of ${rounds} rounds`,
  )
}
