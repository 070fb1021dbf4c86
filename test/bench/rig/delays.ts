import type {
  ConnectorType,
  SinkConnector,
  SourceConnector,
  SourceWriter,
} from '#host/cell/connectors/connector.ts'
import { eachPayload } from '#host/cell/connectors/payloads.ts'

/** A source that writes what it is told to, and a sink that takes how long each row was on its way. */
export class Delays {
  /** `fed`: written to by the name of its datasource. */
  readonly source: ConnectorType<SourceConnector>
  /** `timed`: its payloads are `{"t":…}`, the time since which the row is on its way, and nothing else. */
  readonly sink: ConnectorType<SinkConnector>
  readonly #writers = new Map<string, SourceWriter>()
  #taken: number[] = []

  constructor() {
    this.source = { name: 'fed', create: () => new Fed(this.#writers) }
    this.sink = { name: 'timed', create: () => new Timed((delay) => this.#taken.push(delay)) }
  }

  /** ms, since `begin` */
  get taken(): readonly number[] {
    return this.#taken
  }

  begin(): void {
    this.#taken = []
  }

  /** @throws Error when the buffer is full */
  write(datasource: string, text: string): void {
    const bytes = Buffer.from(text)
    if (this.#writers.get(datasource)?.write(bytes, 0, bytes.length) !== true)
      throw new Error(`the buffer of ${datasource} is full`)
  }

  ring(datasource: string): void {
    this.#writers.get(datasource)?.ring()
  }
}

class Fed implements SourceConnector {
  readonly #writers: Map<string, SourceWriter>
  #name = ''

  constructor(writers: Map<string, SourceWriter>) {
    this.#writers = writers
  }

  configure(datasource: string): void {
    this.#name = datasource
  }

  async open(...[context, writer]: Parameters<SourceConnector['open']>): Promise<void> {
    context.connection('connected')
    this.#writers.set(this.#name, writer)
  }

  async close(): Promise<void> {}
}

class Timed implements SinkConnector {
  readonly #take: (delay: number) => void

  constructor(take: (delay: number) => void) {
    this.#take = take
  }

  configure(): void {}

  async open(...[context]: Parameters<SinkConnector['open']>): Promise<void> {
    context.connection('connected')
  }

  collect(...[chunk]: Parameters<SinkConnector['collect']>): void {
    const now = performance.now()
    eachPayload(chunk, ({ buffer, byteOffset }, start, end) => {
      const time = Buffer.from(buffer, byteOffset + start + 5, end - start - 6)
      this.#take(now - Number(time.toString()))
    })
  }

  async close(): Promise<void> {}
}
