import type { Logger } from '@plutino/sdk'

export interface ConnectionOptions {
  /** Of the source or sink: `stream "demo"`. */
  readonly name: string
  readonly logger: Logger
}

/** What a connector says of its connection, as the status shows it. The log hears of a loss once, and of its end. */
export class Connection {
  readonly #options: ConnectionOptions | undefined
  /** Since when it is known to be lost; 0: it is not. */
  #lostAt = 0
  #status: -1 | 0 | 1 = 0
  #connectedAt = 0
  #disconnectedAt = 0
  #triedAt = 0
  #message = ''

  constructor(options?: ConnectionOptions) {
    this.#options = options
  }

  get isConnected(): boolean {
    return this.#status === 1
  }

  set(status: 'connected' | 'connecting' | 'disconnected', message = ''): void {
    const now = Date.now()
    this.#tell(status, message, now)
    if (status === 'connected') {
      this.#status = 1
      this.#connectedAt = now
    } else if (status === 'connecting') {
      this.#status = 0
      this.#triedAt = now
    } else {
      this.#status = -1
      this.#disconnectedAt = now
      this.#message = message
    }
  }

  #tell(status: 'connected' | 'connecting' | 'disconnected', message: string, now: number): void {
    const { name, logger } = this.#options ?? {}
    if (status === 'connected' && this.#lostAt > 0) {
      const seconds = Math.round((now - this.#lostAt) / 1000)
      logger?.warn(`${name} is connected again after ${seconds} s`)
      this.#lostAt = 0
    } else if (status === 'disconnected' && this.#lostAt === 0 && message !== 'closed') {
      this.#lostAt = now
      logger?.warn(`${name} has no connection, and tries again until it has: ${message}`)
    }
  }

  figures(): Record<string, number | string> {
    return {
      connection_status: this.#status,
      connection_last_connected_time: this.#connectedAt,
      connection_last_disconnected_time: this.#disconnectedAt,
      connection_last_disconnected_message: this.#message,
      connection_last_try_time: this.#triedAt,
    }
  }
}
