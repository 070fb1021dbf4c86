import { setTimeout as sleep } from 'node:timers/promises'
import { FileSink } from '#host/cell/connectors/file/sink.ts'
import { RestSink } from '#host/cell/connectors/rest.ts'
import { Segment } from '#host/cell/spool/segment.ts'
import { SpoolWriter } from '#host/cell/spool/spool-writer.ts'
import { CheckpointStore } from '#host/checkpoints/store.ts'

/** Ways in which a host can be wrong. The checker has to notice each of them. */
export const mutants = [
  'a sink drops a payload',
  'a sink sends a payload twice',
  'a source acknowledges before the disk has it',
  'a checkpoint is said to be kept and is not',
] as const

export type Mutant = (typeof mutants)[number]

/** Breaks the classes of this process. */
export function breakHost(mutant: Mutant): void {
  const breaks: Readonly<Record<Mutant, () => void>> = {
    'a sink drops a payload': () => everyFifth(async () => {}),
    'a sink sends a payload twice': () =>
      everyFifth(async (send) => {
        await send()
        await send()
      }),
    'a source acknowledges before the disk has it': acknowledgeEarly,
    'a checkpoint is said to be kept and is not': () => {
      CheckpointStore.prototype.commit = async () => {}
    },
  }
  breaks[mutant]()
}

function everyFifth(instead: (send: () => Promise<void>) => Promise<void>): void {
  let calls = 0
  for (const { prototype } of [FileSink, RestSink]) {
    const { collect } = prototype
    prototype.collect = async function (this: never, chunk: never) {
      const send = async () => collect.call(this, chunk)
      await (++calls % 5 === 0 ? instead(send) : send())
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
