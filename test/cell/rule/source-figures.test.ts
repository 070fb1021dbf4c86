import test from 'ava'
import { sourceFigures } from '#host/cell/rule/flow-figures.ts'
import { RunningSource } from '#host/cell/rule/running-source.ts'

for (const dropPolicy of ['oldest', 'newest'] as const) {
  test(`what a source brought is what went in and what was dropped, by policy ${dropPolicy}`, (t) => {
    const log = () => {}
    const source = new RunningSource({
      spec: {
        stream: 'demo',
        type: 'memory',
        datasource: 'd',
        props: {},
        shared: false,
        bufferLength: 10,
        bufferBytes: 100_000,
        dropPolicy,
      },
      tenant: 'default',
      owner: 'rule',
      generation: 'g',
      qos: 0,
      type: undefined,
      logger: { debug: log, info: log, warn: log, error: log },
    })
    const { buffer } = source
    const reader = buffer.addReader({ isLossless: false })
    const bytes = Buffer.from('{}')
    for (let i = 0; i < 25; i++) {
      if (!buffer.write(bytes, 0, 2)) buffer.drop(bytes, 0, 2)
      if (i === 3) {
        buffer.take(reader)
        buffer.acknowledge(reader)
      }
    }
    const figures = sourceFigures(source, reader, { setAside: 0, latencyUs: 0 })
    t.like(figures, {
      source_demo_0_records_in_total: 14,
      source_demo_0_dropped_total: 11,
      source_demo_0_buffer_length: 10,
      source_demo_0_records_out_total: 4,
    })
  })
}
