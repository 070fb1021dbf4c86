import { readFileSync } from 'node:fs'
import test from 'ava'
import { startMosquitto } from '#test/fixtures/broker.ts'
import { playRound } from './round.ts'

/** Of this test; a round that has begun is played to its end. */
const MINUTES = Number(process.env.PLUTINO_CHAOS_MINUTES ?? 2)
/** The same rounds each time; longer runs begin elsewhere. */
const FIRST_SEED = Number(process.env.PLUTINO_CHAOS_SEED ?? 20_000)

interface KeptSeed {
  readonly seed: number
  readonly found: string
}

const kept: readonly KeptSeed[] = JSON.parse(
  readFileSync(new URL('seeds.json', import.meta.url), 'utf8'),
)

test('whatever dies, fails or is changed meanwhile, what comes out of rules is what their rows say', async (t) => {
  t.timeout((MINUTES + 4) * 60_000)
  const broker = await startMosquitto()
  await broker?.close()
  if (broker === undefined)
    t.log('what would come from MQTT comes by HTTP: mosquitto is not installed here')
  const end = performance.now() + MINUTES * 60_000
  const seeds = kept
    .map(({ seed }) => seed)
    .concat(Array.from({ length: 2000 }, (_, i) => FIRST_SEED + i))
  const events = new Map<string, number>()
  let rounds = 0
  for (const seed of seeds) {
    if (performance.now() > end) break
    const result = await playRound(seed, { hasMosquitto: broker !== undefined })
    rounds++
    for (const [kind, times] of Object.entries(result.events)) {
      events.set(kind, (events.get(kind) ?? 0) + times)
    }
    t.deepEqual(result.faults, [], `npm run chaos -- --seed ${seed}: ${result.plan}`)
  }
  t.true(rounds > 0)
  t.log(
    `${rounds} rounds from seed ${FIRST_SEED}; ${[...events].map((each) => each.reverse().join(' ')).join(', ')}`,
  )
})
