import type {
  ConnectorContext,
  ConnectorType,
  SourceConnector,
  SourceEnd,
  SourceWriter,
} from '#host/cell/connectors/connector.ts'

/** Lets the sources of one rule write, or not. */
export class Gate {
  #isOpen = false
  #listener: (() => void) | undefined

  get isOpen(): boolean {
    return this.#isOpen
  }

  set(isOpen: boolean): void {
    this.#isOpen = isOpen
    if (isOpen) this.#listener?.()
  }

  onOpen(listener: () => void): void {
    this.#listener = listener
  }
}

const PER_TURN = 200

/** Writes payloads round and round, as fast as there is room, while its gate is open. `gate` is a name. */
export function gatedSource(
  gates: ReadonlyMap<string, Gate>,
  payloads: readonly Buffer[],
  canRewind: boolean,
): ConnectorType<SourceConnector> {
  return { name: 'gated', create: () => new GatedSource(gates, payloads, canRewind) }
}

class GatedSource implements SourceConnector {
  rewind?: (offset: unknown) => void
  readonly #gates: ReadonlyMap<string, Gate>
  readonly #payloads: readonly Buffer[]
  #gate = new Gate()
  #next = 0
  #isClosed = false

  constructor(gates: ReadonlyMap<string, Gate>, payloads: readonly Buffer[], canRewind: boolean) {
    this.#gates = gates
    this.#payloads = payloads
    if (!canRewind) return
    this.rewind = (offset) => {
      this.#next = Number(offset)
    }
  }

  configure(datasource: string): void {
    this.#gate = this.#gates.get(datasource) ?? this.#gate
  }

  async open(context: ConnectorContext, writer: SourceWriter, _end: SourceEnd): Promise<void> {
    context.connection('connected')
    const write = () => {
      for (let i = 0; i < PER_TURN; i++) {
        if (this.#isClosed || !this.#gate.isOpen) break
        const payload = this.#payloads[this.#next % this.#payloads.length] ?? Buffer.alloc(0)
        if (!writer.write(payload, 0, payload.length, { offset: this.#next + 1 })) {
          writer.ring()
          writer.onRoom(write)
          return
        }
        this.#next++
      }
      writer.ring()
      if (!this.#isClosed && this.#gate.isOpen) setImmediate(write)
    }
    this.#gate.onOpen(write)
    if (this.#gate.isOpen) write()
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }
}
