import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { SourceBuffer } from '#host/cell/buffer/source-buffer.ts'
import { compare, median } from '#test/bench/reference/compare.mjs'
import { startChunkHandOver, type Window } from '#test/bench/reference/host.mjs'
import { makePayloads } from '#test/bench/reference/payloads.mjs'
import { report, spread } from './rig/print.ts'
import { threadUs } from './rig/window.ts'

/*
 * The source buffer alone: tuples written, copied for a reader, sent to a worker that looks at each frame, acknowledged;
 * beside the reference's hand-over, which sends the chunks themselves and keeps nothing.
 */

const IN_FLIGHT = 8
const payloads = makePayloads()
const worker = new Worker(new URL('rig/touch-worker.ts', import.meta.url))
await once(worker, 'message')

const buffer = new SourceBuffer()
const reader = buffer.addReader({ isLossless: false })
let [next, away, isRunning] = [0, 0, false]
let answer: (state: State) => void = () => {}

interface State {
  readonly tuples: number
  readonly cpuUs: number
  readonly at: number
}

function pump(): void {
  while (isRunning && away < IN_FLIGHT) {
    while (buffer.pendingBytes(reader) < 65_536) {
      const payload = payloads[next] as Buffer
      next = next + 1 === payloads.length ? 0 : next + 1
      if (!buffer.write(payload, 0, payload.length)) throw new Error('the buffer is full')
    }
    buffer.ring()
    const ranges = buffer.take(reader)
    worker.postMessage(
      ranges,
      ranges.map((range) => range.buffer),
    )
    away++
  }
}

worker.on('message', (message: State | 'done') => {
  if (message !== 'done') return answer(message)
  away--
  buffer.acknowledge(reader)
  pump()
})

function state(): Promise<State> {
  worker.postMessage('state')
  return new Promise((resolve) => {
    answer = resolve
  })
}

async function measure(ms: number): Promise<Window> {
  isRunning = true
  pump()
  const [before, cpu] = [await state(), threadUs()]
  await sleep(ms)
  const after = await state()
  const units = after.tuples - before.tuples
  const window = {
    units,
    ms: after.at - before.at,
    mainUs: (threadUs() - cpu) / units,
    workerUs: (after.cpuUs - before.cpuUs) / units,
  }
  isRunning = false
  while (away > 0) await sleep(1)
  return window
}

const theirs = await startChunkHandOver({ payloads })
const seen = { ours: [] as Window[], theirs: [] as Window[] }
const result = await compare(
  'source buffer',
  { measure: async (ms) => keep(seen.ours, await measure(ms)) },
  { measure: async (ms) => keep(seen.theirs, await theirs.measure(ms)) },
  { windows: Number(process.env.ROUNDS ?? 11), ms: 300, warmMs: 800, print: false },
)
await theirs.close()
await worker.terminate()
if (buffer.written !== reader.read - 1) throw new Error('not everything was read')

const cost = (windows: Window[]) => windows.slice(1).map((w) => w.mainUs + (w.workerUs ?? 0))
report(
  'source buffer by hand-over of chunks',
  `ratio ${result.ratio.toFixed(2)} (${result.low.toFixed(2)}–${result.high.toFixed(2)}) (≥ 0.7)`,
  `by CPU ${(median(cost(seen.theirs)) / median(cost(seen.ours))).toFixed(2)}`,
  `µs per tuple ${spread(cost(seen.ours), 3)} by ${spread(cost(seen.theirs), 3)}`,
  `tuples/ms ${(result.a / 1000).toFixed(0)} by ${(result.b / 1000).toFixed(0)}`,
)

function keep<T>(list: T[], value: T): T {
  list.push(value)
  return value
}
