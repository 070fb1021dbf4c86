import type { Logger } from '@plutino/sdk'
import { ArrivalClock } from '../buffer/arrival-clock.ts'
import { SourceBuffer } from '../buffer/source-buffer.ts'
import type { SourceSpec } from '../cell.ts'
import { CatchUp } from '../spool/catch-up.ts'
import { SpoolWriter } from '../spool/spool-writer.ts'
import type { StreamSpool } from '../spool/stream-spool.ts'

export interface SpooledBufferOptions {
  readonly spec: SourceSpec
  readonly spool: StreamSpool
  readonly logger: Logger
  onRing(): void
  /** A group of tuples is safe. */
  onSpooled(): void
}

/** A source buffer with a spool before it, for what comes, and behind it, for readers that go back or fall behind. */
export class SpooledBuffer {
  readonly buffer: SourceBuffer
  readonly writer: SpoolWriter
  readonly #stream: StreamSpool
  readonly #name: string

  constructor({ spec, spool: stream, logger, onRing, onSpooled }: SpooledBufferOptions) {
    const { spool } = stream
    this.#stream = stream
    this.#name = spec.stream
    const clock = new ArrivalClock(Date.now, spool.lastArrival)
    const past = new CatchUp({
      spool,
      oldestArrival: () => this.writer.oldestArrival,
      onCome: onRing,
      onLost: (text) => logger.error(`stream "${spec.stream}": ${text}`),
    })
    const { bufferLength, bufferBytes, dropPolicy } = spec
    const { metas, next: firstSequence } = spool
    this.buffer = new SourceBuffer({
      bufferLength,
      bufferBytes,
      dropPolicy,
      firstSequence,
      clock,
      metas,
      spool: past,
      onRing,
    })
    this.writer = new SpoolWriter({ spool, buffer: this.buffer, clock, onSafe: onSpooled })
    if (spool.damagedBytes > 0) {
      const text = `${spool.damagedBytes} bytes of its spool are damaged, and the tuples in them lost`
      logger.error(`stream "${spec.stream}": ${text}`)
    }
  }

  /** Something was cut: there may be room. */
  tellRoom(): void {
    this.writer.tellRoom()
  }

  /** Why the source is paused; '' when it is not. */
  get trouble(): string {
    const { spool } = this.#stream
    if (spool.fault !== undefined) {
      return `stream "${this.#name}" is paused: its spool cannot be written: ${spool.fault}`
    }
    if (!this.writer.isFull) return ''
    const slowest = this.#stream.slowest()
    return (
      `stream "${this.#name}" is paused: its spool has reached spoolLimit (${spool.limitBytes} bytes); ` +
      `rule "${slowest?.rule}" holds it: no checkpoint of it covers what came after tuple ${slowest?.sequence}`
    )
  }

  figures(): Record<string, number> {
    const { spool } = this.#stream
    return { spool_bytes: spool.bytes, spool_tuples: spool.next - spool.first }
  }
}
