import mqtt from 'mqtt'
import { startRawMqtt } from '#test/bench/reference/host.mjs'

/** The reference's raw `mqtt` subscriber in a process of its own: connects, warms up, measures, says what it saw. */
const [url = '', warmMs, ms] = process.argv.slice(2)
const raw = await startRawMqtt(mqtt, { url })
await raw.measure(Number(warmMs))
const window = await raw.measure(Number(ms))
await raw.close()
process.send?.(window)
process.disconnect?.()
