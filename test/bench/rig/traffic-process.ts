import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '#test/bench/reference/compare.mjs'
import {
  connect,
  makeWalker,
  PUBLISH,
  publish,
  subscribe,
} from '#test/bench/reference/mqtt-wire.mjs'
import { makePayloads } from '#test/bench/reference/payloads.mjs'
import type { Course, CourseResult, TrafficOrder } from './traffic.ts'

/*
 * A process that publishes over a raw socket, as fast as the socket takes it or so many per second, and subscribes over
 * another one: both ends of a delay are taken by one clock. Driven by messages; see `traffic.ts`.
 */

const port = Number(process.argv[2])
const SUBACK = 9

async function open(name: string): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  socket.write(connect(`${name}-${process.pid}`))
  await once(socket, 'data')
  return socket
}

const publisher = await open('publisher')
publisher.resume()
let isFlooding = false
let sent = 0

function flood(topic: string): void {
  const packets = makePayloads().map((payload) => publish(topic, payload))
  const batches: Buffer[] = []
  for (let i = 0; i < packets.length; i += 100) {
    batches.push(Buffer.concat(packets.slice(i, i + 100)))
  }
  let next = 0
  const go = () => {
    while (isFlooding) {
      sent += 100
      if (!publisher.write(batches[next++ % batches.length] ?? '')) {
        publisher.once('drain', go)
        return
      }
    }
  }
  isFlooding = true
  go()
}

/** Publishes `rate` messages per second for a while, and takes the delay of each that comes back. */
async function run({ to, from, rate, warmMs, ms }: Course): Promise<CourseResult> {
  const subscriber = await open('subscriber')
  const total = Math.ceil(((warmMs + ms) * rate) / 1000) + rate
  const sentAt = new Float64Array(total)
  const delays: number[] = []
  const first = Math.floor((warmMs * rate) / 1000)
  let came = 0
  let lastSequence = -1
  let disorder = 0
  const subscribed = Promise.withResolvers<void>()
  const walk = makeWalker((type, bytes, start, end) => {
    if (type === SUBACK) subscribed.resolve()
    if (type !== PUBLISH) return
    const at = start + 2 + bytes.readUInt16BE(start)
    const sequence = Number.parseInt(bytes.toString('latin1', at + 13, Math.min(end, at + 25)), 10)
    came++
    if (sequence <= lastSequence) disorder++
    lastSequence = sequence
    if (sequence >= first) delays.push(performance.now() - (sentAt[sequence] ?? 0))
  })
  subscriber.on('data', walk)
  subscriber.write(subscribe(from))
  await subscribed.promise
  const begin = performance.now()
  let next = 0
  for (let now = begin; now - begin < warmMs + ms; now = performance.now()) {
    const due = Math.min(total, Math.floor(((now - begin) * rate) / 1000))
    const parts: Buffer[] = []
    for (; next < due; next++) {
      sentAt[next] = performance.now()
      const text = `{"deviceId":"${next}","temperature":23.5,"humidity":61.25,"status":"ok","ts":1700000000123}`
      parts.push(publish(to, Buffer.from(text)))
    }
    if (parts.length > 0) publisher.write(Buffer.concat(parts))
    await sleep(1)
  }
  for (let i = 0; i < 200 && came < next; i++) await sleep(10)
  subscriber.destroy()
  const [p50 = 0, p90 = 0, p99 = 0] = [0.5, 0.9, 0.99].map((q) => quantile(delays, q))
  return { sent: next, came, disorder, p50, p90, p99 }
}

process.on('message', (order: TrafficOrder) => {
  if (order.kind === 'flood') flood(order.topic)
  else if (order.kind === 'stop') {
    isFlooding = false
    // what is written lies in this process, in the kernel, in the broker
    publisher.write('', () => process.send?.({ sent }))
  } else void run(order).then((result) => process.send?.(result))
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
