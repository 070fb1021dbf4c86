/** On Ctrl-C npm passes on what the terminal has sent already: two that come together are one. */
const patienceMs = 1000

/** SIGINT and SIGTERM of this process. A second one, later, ends it at once: no worse than `kill -9`. */
export class StopSignal {
  /** Resolves with the first one, which may come before anyone asks. */
  readonly received: Promise<string>
  /** A thread holds the process. */
  isStuck: () => boolean = () => false

  constructor() {
    const { promise, resolve } = Promise.withResolvers<string>()
    this.received = promise
    let first: number | undefined
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        first ??= performance.now()
        if (performance.now() - first > patienceMs) this.#leave()
        resolve(signal)
      })
    }
  }

  #leave(): void {
    // exit waits for all threads, and one in native code never ends
    if (this.isStuck()) process.kill(process.pid, 'SIGKILL')
    process.exit(1)
  }
}
