import { setTimeout as sleep } from 'node:timers/promises'
import type { PayloadChunk } from '#host/cell/connectors/connector.ts'
import { FileSink } from '#host/cell/connectors/file/sink.ts'
import { RestSink } from '#host/cell/connectors/rest.ts'
import { Segment } from '#host/cell/spool/segment.ts'
import { SpoolWriter } from '#host/cell/spool/spool-writer.ts'
import { CheckpointStore } from '#host/checkpoints/store.ts'

/** Ways in which a host can be wrong. The checker has to notice each of them. */
export const mutants = [
  'a sink drops a payload',
  'a sink sends a payload again under another key',
  'a source acknowledges before the disk has it',
  'a checkpoint is said to be kept and is not',
] as const

export type Mutant = (typeof mutants)[number]

/** Breaks the classes of this process. */
export function breakHost(mutant: Mutant): void {
  const breaks: Readonly<Record<Mutant, () => void>> = {
    'a sink drops a payload': () => everyFifth(async () => {}),
    'a sink sends a payload again under another key': () =>
      everyFifth(async (send, chunk) => {
        await send(chunk)
        await send({ ...chunk, first: chunk.first + 1_000_000 })
      }),
    'a source acknowledges before the disk has it': acknowledgeEarly,
    'a checkpoint is said to be kept and is not': () => {
      CheckpointStore.prototype.commit = async () => {}
    },
  }
  breaks[mutant]()
}

type Send = (chunk: PayloadChunk) => Promise<void>

function everyFifth(instead: (send: Send, chunk: PayloadChunk) => Promise<void>): void {
  let calls = 0
  for (const { prototype } of [FileSink, RestSink]) {
    const { collect } = prototype
    prototype.collect = async function (this: never, chunk: PayloadChunk) {
      const send: Send = (given) => collect.call(this, given)
      await (++calls % 5 === 0 ? instead(send, chunk) : send(chunk))
    }
  }
}

/** Acknowledged at once, written a moment later: what kill -9 finds in between is lost. */
function acknowledgeEarly(): void {
  SpoolWriter.prototype.whenDurable = (listener) => setImmediate(listener)
  const { write } = Segment.prototype
  Segment.prototype.write = async function (this: Segment, parts) {
    await sleep(150)
    return write.call(this, parts)
  }
}
