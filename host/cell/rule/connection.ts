/** What a connector says of its connection, as the status shows it. */
export class Connection {
  #status: -1 | 0 | 1 = 0
  #connectedAt = 0
  #disconnectedAt = 0
  #triedAt = 0
  #message = ''

  get isConnected(): boolean {
    return this.#status === 1
  }

  set(status: 'connected' | 'connecting' | 'disconnected', message = ''): void {
    const now = Date.now()
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
