import { CellError } from '../cell.ts'
import type { ConnectorContext, SourceConnector, SourceEnd, SourceWriter } from './connector.ts'
import { Properties } from './properties.ts'

const DEFAULT_DATA = [{ temperature: 22.5, humidity: 50 }]

/** Sends the same rows again and again, one per interval. Rewindable: the offset is the number of rows sent. */
export class SimulatorSource implements SourceConnector {
  #payloads: Buffer[] = []
  #intervalMs = 1000
  #loop = true
  #next = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  configure(_datasource: string, props: Readonly<Record<string, unknown>>): void {
    const read = new Properties('source "simulator"', props)
    const data = read.list('data') ?? DEFAULT_DATA
    if (data.length === 0) read.refuse('data', 'must hold at least one row')
    this.#payloads = data.map((row) => Buffer.from(JSON.stringify(row)))
    this.#intervalMs = read.duration('interval', 1000)
    this.#loop = read.flag('loop', true)
  }

  rewind(offset: unknown): void {
    if (typeof offset !== 'number') {
      throw new CellError(
        'bad-property',
        `source "simulator": offset ${String(offset)} is not a number of rows`,
      )
    }
    this.#next = offset
  }

  async open(context: ConnectorContext, writer: SourceWriter, end: SourceEnd): Promise<void> {
    context.connection('connected')
    const send = () => {
      if (this.#isClosed) return
      if (!this.#loop && this.#next >= this.#payloads.length) return end.done()
      const payload = this.#payloads[this.#next % this.#payloads.length]
      if (payload === undefined) return
      if (!writer.write(payload, 0, payload.length, { offset: this.#next + 1, encoding: 'json' })) {
        return writer.onRoom(send)
      }
      this.#next++
      writer.ring()
      this.#timer = setTimeout(send, this.#intervalMs)
    }
    this.#timer = setTimeout(send, 0)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }
}
