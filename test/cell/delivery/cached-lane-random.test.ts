import test from 'ava'
import fc from 'fast-check'
import { down, eventually, inFolder, type MadeLane, makeLane, numbers, ToldSink } from './lane.ts'

type Event =
  | { readonly type: 'emit'; readonly count: number }
  | { readonly type: 'down' | 'up' | 'wait' | 'newLife' | 'newWorker' }
  | { readonly type: 'failOnce' }

const events: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('emit'), count: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom('down', 'up', 'wait', 'newWorker', 'newLife').map(named),
  },
  { weight: 2, arbitrary: fc.constant('failOnce').map(named) },
) as fc.Arbitrary<Event>

function named(type: string) {
  return { type }
}

/** What left the worker, as a list; the sink is to have just that at the end, each once, in order. */
test('whatever happens to sink, worker and process, the sink ends with every payload once and in order', async (t) => {
  t.timeout(300_000)
  await fc.assert(
    fc.asyncProperty(
      fc.array(events, { minLength: 5, maxLength: 30 }),
      fc.integer({ min: 0, max: 40 }),
      (all, memoryCacheThreshold) => inFolder((folder) => play(folder, all, memoryCacheThreshold)),
    ),
    { numRuns: 40, seed: 20261121 },
  )
  t.pass()
})

async function play(folder: string, all: readonly Event[], threshold: number): Promise<void> {
  const props = { enableCache: true, bufferPageSize: 7, memoryCacheThreshold: threshold }
  const sink = new ToldSink()
  let made: MadeLane = await makeLane({ folder, props, sink })
  let emitted = 0
  for (const event of all) {
    if (event.type === 'emit') {
      made.emit(emitted + 1, emitted + event.count)
      emitted += event.count
    } else if (event.type === 'down') sink.fails = down()
    else if (event.type === 'up') sink.fails = undefined
    else if (event.type === 'failOnce') sink.failures.push(down())
    else if (event.type === 'wait')
      await eventually(() => made.lane.isIdle || sink.fails === undefined, 'a turn')
    else if (event.type === 'newWorker') {
      // It goes back to some checkpoint, and emits again what came since.
      const from = Math.floor(emitted / 2)
      made.lane.restart(from)
      if (emitted > from) made.emit(from + 1, emitted)
    } else {
      const { acknowledged } = made.lane
      await made.close()
      made = await makeLane({ folder, props, sink, position: acknowledged })
      if (emitted > acknowledged) made.emit(acknowledged + 1, emitted)
    }
  }
  sink.fails = undefined
  await eventually(() => made.lane.isEmpty, 'the end')
  await made.close()
  const wanted = numbers(1, emitted)
  if (JSON.stringify(sink.texts) !== JSON.stringify(wanted)) {
    throw new Error(`emitted 1 to ${emitted}, and the sink has ${sink.texts.join(' ')}`)
  }
}
