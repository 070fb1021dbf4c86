import { arrivalOf, frameEnd } from '#host/cell/buffer/chunk.ts'
import { offsetIn } from '#host/cell/buffer/frame-head.ts'
import { payloadStart } from '#src/flow/frame.ts'
import type { Range } from '#src/worker/protocol.ts'

export interface Tuple {
  readonly sequence: number
  readonly text: string
  readonly arrival: number
  readonly offset: unknown
  readonly metaReference: number
}

/** What a worker would read in these ranges. */
export function tuplesIn(ranges: readonly Range[]): Tuple[] {
  const tuples: Tuple[] = []
  for (const { buffer, count, first } of ranges) {
    const view = new DataView(buffer)
    let at = 0
    for (let i = 0; i < count; i++) {
      const end = frameEnd(view, at)
      tuples.push({
        sequence: first + i,
        text: Buffer.from(buffer, payloadStart(view, at), view.getUint32(at, true)).toString(),
        arrival: arrivalOf(view, at),
        offset: offsetIn(view, at),
        metaReference: view.getUint32(at + 4, true) >>> 8,
      })
      at = end
    }
    if (at !== buffer.byteLength) throw new Error('a range holds more than its frames')
  }
  return tuples
}

export function textsIn(ranges: readonly Range[]): string[] {
  return tuplesIn(ranges).map(({ text }) => text)
}
