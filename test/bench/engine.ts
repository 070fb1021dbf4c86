import { Buffer } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import type { Flow } from '#src/flow/flow.ts'
import { FRAME_HEADER_BYTES, payloadStart } from '#src/flow/frame.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { Collected, Emission, Range } from '#src/worker/protocol.ts'
import { compare } from '#test/bench/reference/compare.mjs'
import {
  type Chunk,
  FRAME_HEADER,
  makePayloads,
  toChunks,
} from '#test/bench/reference/payloads.mjs'
import {
  filterProjectParse,
  filterProjectShape,
  type Tumbling,
  type TumblingRow,
  tumblingShape,
} from '#test/bench/reference/pipelines.mjs'
import { flowOf, planOf } from '#test/flow/rule.ts'

/*
 * The engine alone, on one thread: frames to emissions, against what one would write by hand for exactly these queries.
 * `node test/bench/engine.ts`. Both sides must give the same rows before anything is measured.
 */

const FILTER_PROJECT = `SELECT deviceId, temperature * 1.8 + 32 AS f FROM demo
  WHERE temperature > 20 AND status = 'ok'`
const TUMBLING = `SELECT deviceId, count(*) AS n, avg(temperature) AS mean FROM demo
  GROUP BY deviceId, TUMBLINGWINDOW(ss, 1)`

const functions = builtInFunctions()

for (const size of [100, 300, 1000] as const) {
  const chunks = toChunks(makePayloads({ size }))
  const ranges = chunks.map(toRange)
  checkLines(chunks, ranges)
  const engine = filterProject()
  for (const [name, other] of [
    ['shape', filterProjectShape()],
    ['parse', filterProjectParse()],
  ] as const) {
    let [i, j] = [0, 0]
    await compare(
      `filter and projection by ${name}, ${size} B`,
      () => {
        const range = ranges[i++ % ranges.length] as Range
        take(engine, range, 0)
        return range.count
      },
      () => {
        const chunk = chunks[j++ % chunks.length] as Chunk
        other.run(chunk)
        return chunk.count
      },
    )
  }
}

{
  const chunks = toChunks(makePayloads({ size: 100 }))
  const ranges = chunks.map(toRange)
  checkGroups(chunks)
  const engine = tumbling()
  const span = 1000 // of 10 000 payloads, 10 000 a second
  const shifted = replay(ranges, span)
  const ours = () => {
    const { range, time } = shifted()
    take(engine, range, time)
    return range.count
  }
  for (const [name, other] of [
    ['with its output as JSON', tumblingJson()],
    ['which only calls back', tumblingShape()],
  ] as const) {
    let [j, offset] = [0, 0]
    await compare(
      `count and avg of 1000 groups in a tumbling window by shape ${name}`,
      ours,
      () => {
        const chunk = chunks[j++ % chunks.length] as Chunk
        other.run(chunk, offset)
        if (j % chunks.length === 0) offset += span
        return chunk.count
      },
    )
  }
}

/** The reference with the engine's output: a JSON array of the rows of each window, as bytes. */
function tumblingJson(): Tumbling {
  let out = Buffer.alloc(1 << 18)
  let rows: TumblingRow[] = []
  const reference = tumblingShape((row) => rows.push(row))
  return {
    flush: () => reference.flush(),
    run(chunk, offset) {
      const emitted = reference.run(chunk, offset)
      if (rows.length === 0) return emitted
      const text = JSON.stringify(
        rows.map(({ deviceId, n, mean }) => ({
          deviceId: deviceId ?? undefined,
          n,
          mean: mean ?? undefined,
        })),
      )
      if (text.length * 3 > out.length) out = Buffer.alloc(text.length * 3)
      out.write(text)
      rows = []
      return emitted
    },
  }
}

function filterProject(): Flow {
  const actions = [{ type: 'log', props: { sendSingle: true } }]
  return flowOf(planOf(FILTER_PROJECT, { actions, functions }), { functions })
}

function tumbling(): Flow {
  return flowOf(planOf(TUMBLING, { functions }), { functions })
}

/** The flow takes the memory of what it is given: it gets a copy, as from the host, and that counts as its own time. */
function take(flow: Flow, { buffer, count, first }: Range, time: number): readonly Emission[] {
  const ranges = [{ buffer: buffer.slice(0), count, first }]
  const collected = flow.collect([{ source: 0, ranges, time, end: false, metas: [] }])
  return (collected as Collected).emissions // no stage borders in these rules
}

function engineEnd(flow: Flow): readonly Emission[] {
  const collected = flow.collect([{ source: 0, ranges: [], time: 0, end: true, metas: [] }])
  return (collected as Collected).emissions // no stage borders in these rules
}

/** The same frames in our layout. */
function toRange({ bytes, view, count }: Chunk): Range {
  const parts: Buffer[] = []
  for (let i = 0, at = 0; i < count; i++) {
    const start = at + FRAME_HEADER
    const length = view.getUint32(at, true)
    const head = Buffer.alloc(FRAME_HEADER_BYTES)
    head.writeUInt32LE(length, 0)
    head.writeDoubleLE(view.getFloat64(at + 4, true), 8)
    parts.push(head, bytes.subarray(start, start + length))
    at = start + length
  }
  const all = Buffer.concat(parts)
  const buffer = new ArrayBuffer(all.length)
  Buffer.from(buffer).set(all)
  return { buffer, count, first: 1 }
}

/**
 * Plays the ranges for ever: at each turn their times are `span` later. The reference adds the span while it reads; here
 * it has to be written into the frames, once per turn and outside of what is measured as little as may be.
 */
function replay(ranges: readonly Range[], span: number): () => { range: Range; time: number } {
  const played = ranges.map((range) => ({ range, places: timePlaces(range), time: endOf(range) }))
  let i = 0
  return () => {
    const own = played[i++ % played.length] as (typeof played)[number]
    if (i <= played.length) return own
    own.time += span
    const view = new DataView(own.range.buffer)
    for (const at of own.places) view.setFloat64(at, view.getFloat64(at, true) + span, true)
    return own
  }
}

function timePlaces({ buffer, count }: Range): readonly number[] {
  const view = new DataView(buffer)
  let next = 0
  return Array.from({ length: count }, () => {
    const at = next
    next = payloadStart(view, at) + view.getUint32(at, true)
    return at + 8
  })
}

function endOf(range: Range): number {
  return new DataView(range.buffer).getFloat64(timePlaces(range).at(-1) ?? 0, true)
}

function texts(emissions: readonly Emission[]): string[] {
  return emissions.flatMap(({ buffer, count }) => {
    const view = new DataView(buffer)
    let at = 0
    return Array.from({ length: count }, () => {
      const start = payloadStart(view, at)
      at = start + view.getUint32(at, true)
      return Buffer.from(buffer, start, at - start).toString()
    })
  })
}

function checkLines(chunks: readonly Chunk[], ranges: readonly Range[]): void {
  const [engine, reference] = [filterProject(), filterProjectShape()]
  for (const [i, range] of ranges.entries()) {
    const ours = texts(take(engine, range, 0)).map((line) => `${line}\n`)
    const length = reference.run(chunks[i] as Chunk)
    const theirs = reference.out.toString('utf8', 0, length)
    if (ours.join('') !== theirs) throw new Error('the engine and the reference give other lines')
  }
}

function checkGroups(chunks: readonly Chunk[]): void {
  const engine = tumbling()
  const expected: object[] = []
  const reference = tumblingShape(({ deviceId, n, mean }) => {
    expected.push({
      ...(deviceId === null ? {} : { deviceId }),
      n,
      ...(mean === null ? {} : { mean }),
    })
  })
  const rows: object[] = []
  for (const chunk of chunks) {
    const range = toRange(chunk)
    rows.push(
      ...texts(take(engine, range, endOf(range))).flatMap((text) => JSON.parse(text) as object[]),
    )
    reference.run(chunk)
  }
  rows.push(...texts(engineEnd(engine)).flatMap((text) => JSON.parse(text) as object[]))
  reference.flush()
  if (expected.length === 0 || !isDeepStrictEqual(rows.map(rounded), expected.map(rounded))) {
    throw new Error('the engine and the reference give other groups')
  }
}

/** The engine adds up with compensation, so means may differ in their last digits. */
function rounded(row: object): unknown {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'number' ? Number(value.toPrecision(12)) : value,
    ]),
  )
}
