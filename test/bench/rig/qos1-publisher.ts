import net from 'node:net'

/*
 * Publishes so many messages of 100 B at qos 1, a thousand in flight, and ends. Talks MQTT 3.1.1 by hand: a client library
 * would be slower than what is measured.
 */
const [port = '1883', count = '1'] = process.argv.slice(2)
const topic = Buffer.from('numbers')
const payload = Buffer.alloc(84, 'x')
const total = Number(count)
const socket = net.connect(Number(port), '127.0.0.1')
let [sent, acknowledged] = [0, 0]
let isConnected = false

function packet(id: number): Buffer {
  const bytes = Buffer.alloc(2 + 2 + topic.length + 2 + payload.length)
  bytes[0] = 0x32
  bytes[1] = bytes.length - 2
  bytes.writeUInt16BE(topic.length, 2)
  topic.copy(bytes, 4)
  bytes.writeUInt16BE(id, 4 + topic.length)
  payload.copy(bytes, 6 + topic.length)
  return bytes
}

function fill(): void {
  const packets: Buffer[] = []
  while (sent < total && sent - acknowledged < 1000) packets.push(packet((sent++ % 60_000) + 1))
  if (packets.length > 0) socket.write(Buffer.concat(packets))
  if (acknowledged >= total) socket.end()
}

const name = Buffer.from(`bench-${process.pid}`)
socket.write(
  Buffer.concat([
    Buffer.from([0x10, 12 + name.length, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, name.length]),
    name,
  ]),
)
let rest = 0
socket.on('data', (bytes) => {
  rest += bytes.length
  if (!isConnected && rest >= 4) {
    isConnected = true
    rest -= 4
  }
  acknowledged += Math.floor(rest / 4)
  rest %= 4
  fill()
})
