import type { SinkContext } from '@plutino/sdk'
import test from 'ava'
import { Bulletin } from '../sinks/bulletin.ts'

/** What a bulletin uses of its context. */
function makeContext(issued = 0) {
  const lines: string[] = []
  let count = issued
  const ctx = {
    incrCounter: () => count++,
    getCounter: () => count,
    logger: { info: (text: string) => lines.push(text) },
  } as unknown as SinkContext
  return { ctx, lines }
}

test('each row is a bulletin with a number', (t) => {
  const { ctx, lines } = makeContext()
  const sink = new Bulletin()
  sink.configure({ title: 'news' })
  sink.open()
  sink.collect(ctx, [{ place: 'Hamburg', felt: 12.5 }, { place: 'Kiel' }])
  sink.close()
  t.deepEqual(lines, ['news 1: place Hamburg, felt 12.5', 'news 2: place Kiel'])
})

test('the number goes on from the state of the rule', (t) => {
  const { ctx, lines } = makeContext(41)
  const sink = new Bulletin()
  sink.configure({})
  sink.collect(ctx, [{ n: 1 }])
  t.deepEqual(lines, ['bulletin 42: n 1'])
})
