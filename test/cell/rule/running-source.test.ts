import test from 'ava'
import type { SourceConnector } from '#host/cell/connectors/connector.ts'
import { RunningSource } from '#host/cell/rule/running-source.ts'

/** Says when it is opened and closed; closing takes until it is let. */
class SlowSource implements SourceConnector {
  readonly #calls: string[]
  readonly #gate: Promise<void>

  constructor(calls: string[], gate: Promise<void>) {
    this.#calls = calls
    this.#gate = gate
  }

  configure(): void {}

  rewind(): void {}

  async open(): Promise<void> {
    this.#calls.push('open')
  }

  async close(): Promise<void> {
    this.#calls.push('close')
    await this.#gate
  }
}

function slowSource() {
  const calls: string[] = []
  const gate = Promise.withResolvers<void>()
  const logger = { debug() {}, info() {}, warn() {}, error() {} }
  const source = new RunningSource({
    spec: {
      stream: 'demo',
      type: 'slow',
      datasource: '',
      props: {},
      shared: false,
      bufferLength: 10,
      bufferBytes: 65_536,
      dropPolicy: 'oldest',
    },
    tenant: 'default',
    owner: 'r',
    generation: 'g',
    qos: 0,
    type: { name: 'slow', create: () => new SlowSource(calls, gate.promise) },
    logger,
  })
  return { source, calls, go: gate.resolve }
}

const lives = {
  reopened: (source: RunningSource) => source.reopen(1, 1),
  reconnected: (source: RunningSource) => source.reconnect(),
}

for (const [what, again] of Object.entries(lives)) {
  test(`a source that is closed while it is ${what} is not opened any more`, async (t) => {
    const { source, calls, go } = slowSource()
    await source.open()
    const living = again(source)
    const closing = source.close()
    go()
    await Promise.all([living, closing])
    t.is(calls.filter((call) => call === 'open').length, 1)
  })

  test(`a source that is ${what} has another life`, async (t) => {
    const { source, calls, go } = slowSource()
    await source.open()
    go()
    await again(source)
    t.deepEqual(calls, ['open', 'close', 'open'])
    await source.close()
  })
}
