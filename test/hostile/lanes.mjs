// Takes the place of the memory connectors in the cell under attack: the harness writes rows to a topic and sees what is emitted.
import { payloadsOf } from '#host/cell/connectors/payloads.ts'

export class Lanes {
  #writers = new Map()
  #readers = new Map()

  within(connectors) {
    const source = { name: 'memory', create: () => this.#source() }
    const sink = { name: 'memory', create: () => this.#sink() }
    return {
      ...connectors,
      sources: new Map([...connectors.sources, ['memory', source]]),
      sinks: new Map([...connectors.sinks, ['memory', sink]]),
    }
  }

  /** Calls back with each row that is emitted to a topic. */
  read(topic, listener) {
    this.#readers.set(topic, listener)
  }

  write(topic, row) {
    const writer = this.#writers.get(topic)
    const bytes = Buffer.from(JSON.stringify(row))
    if (writer?.write(bytes, 0, bytes.length) !== true) throw new Error(`no room in ${topic}`)
    writer.ring()
  }

  #source() {
    let topic = ''
    return {
      configure: (datasource) => {
        topic = datasource
      },
      open: async (context, writer) => {
        this.#writers.set(topic, writer)
        context.connection('connected')
      },
      close: async () => {},
    }
  }

  #sink() {
    let topic = ''
    return {
      configure: (props) => {
        topic = props.topic
      },
      open: async (context) => context.connection('connected'),
      collect: (chunk) => {
        for (const { bytes } of payloadsOf(chunk)) {
          const rows = JSON.parse(Buffer.from(bytes).toString())
          for (const row of [rows].flat()) this.#readers.get(topic)?.(row)
        }
      },
      close: async () => {},
    }
  }
}
