import type { MessagePort } from 'node:worker_threads'
import type { Emission, FlowId, HostCalls, PluginFailure, PluginLimit } from './protocol.ts'

/** What a call of the host's guarded endpoint looks like on the port. Without `id` nobody waits for an answer. */
interface CallMessage {
  readonly id?: number
  readonly method: keyof HostCalls
  readonly args: readonly unknown[]
}

interface Waiting {
  resolve(value: unknown): void
  reject(reason: unknown): void
}

/** The worker's end of the port on which it asks things of the host. */
export class HostClient implements HostCalls {
  readonly #post: (message: CallMessage, transfer: ArrayBuffer[]) => void
  readonly #waiting = new Map<number, Waiting>()
  readonly #port: MessagePort
  #lastId = 0
  #closed = false

  constructor(port: MessagePort) {
    this.#port = port
    this.#post = port.postMessage.bind(port) as (message: CallMessage, move: ArrayBuffer[]) => void
    port.on('message', (message: unknown) => this.#answered(message))
    port.on('close', () => this.close())
  }

  write(flow: FlowId, source: number, chunk: ArrayBuffer, count: number): Promise<void> {
    return this.call('write', [flow, source, chunk, count], [chunk]) as Promise<void>
  }

  emit(flow: FlowId, emissions: readonly Emission[], wakeAt: number | null): void {
    const buffers = emissions.map((emission) => emission.buffer)
    this.#post({ method: 'emit', args: [flow, emissions, wakeAt] }, buffers)
  }

  delivered(flow: FlowId, action: number, sequence: number, dropped?: string): void {
    const reason = dropped === undefined ? [] : [dropped]
    this.#post({ method: 'delivered', args: [flow, action, sequence, ...reason] }, [])
  }

  failed(flow: FlowId, failure: PluginFailure): void {
    this.#post({ method: 'failed', args: [flow, failure] }, [])
  }

  ended(flow: FlowId, source: number): void {
    this.#post({ method: 'ended', args: [flow, source] }, [])
  }

  lookup(
    flow: FlowId,
    source: number,
    columns: readonly string[],
    keys: readonly (readonly unknown[])[],
  ): Promise<readonly (readonly Readonly<Record<string, unknown>>[])[]> {
    return this.call('lookup', [flow, source, columns, keys]) as ReturnType<HostCalls['lookup']>
  }

  keyedState(flow: FlowId, keys: readonly string[]): Promise<readonly unknown[]> {
    return this.call('keyedState', [flow, keys]) as Promise<readonly unknown[]>
  }

  log(
    flow: FlowId,
    level: 'debug' | 'info' | 'warn' | 'error',
    plugin: string,
    text: string,
  ): void {
    this.#post({ method: 'log', args: [flow, level, plugin, text] }, [])
  }

  beat(flow: FlowId): void {
    this.#post({ method: 'beat', args: [flow] }, [])
  }

  breached(flow: FlowId, plugin: string, limit: PluginLimit, count: number): void {
    this.#post({ method: 'breached', args: [flow, plugin, limit, count] }, [])
  }

  /** A call with an answer. Rejects with an error that has the host's `code` when the host refuses or the port closes. */
  call(
    method: keyof HostCalls,
    args: readonly unknown[],
    move: ArrayBuffer[] = [],
  ): Promise<unknown> {
    if (this.#closed) return Promise.reject(hostError('closed', `${method}: the flow was closed`))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#post({ id, method, args }, move)
    })
  }

  /** Every pending call fails: on a closed port it would wait for ever. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#port.close()
    for (const { reject } of this.#waiting.values()) {
      reject(hostError('closed', 'the host closed its side'))
    }
    this.#waiting.clear()
  }

  #answered(message: unknown): void {
    const { id, ok, error } = message as {
      id: number
      ok?: unknown
      error?: { code: string; message: string }
    }
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    if (error === undefined) waiting.resolve(ok)
    else waiting.reject(hostError(error.code, error.message))
  }
}

function hostError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
