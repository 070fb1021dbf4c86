import test from 'ava'
import { PartialPacket } from '#host/cell/connectors/mqtt/partial-packet.ts'

const READ = 16_384
const READS = 600

test('a packet is whole again from its parts, although the buffer of a read is used again', (t) => {
  const read = Buffer.from('abc')
  const packet = new PartialPacket(read)
  read.write('def')
  packet.add(read)
  read.write('xyz')
  t.is(packet.length, 6)
  t.is(packet.whole(Buffer.from('ghi')).toString(), 'abcdefghi')
})

test('its head is there as soon as its bytes are, in however many reads they come', (t) => {
  const packet = new PartialPacket(Buffer.from('a'))
  t.is(packet.head(Buffer.from('b')).toString(), 'ab')
  packet.add(Buffer.from('b'))
  packet.add(Buffer.from('cdefgh'))
  t.is(packet.head(Buffer.from('never')).toString(), 'abcde')
})

test('a large packet costs its length, not its length at each read', (t) => {
  const read = Buffer.alloc(READ, 1)
  const timed = (join: () => Buffer) => {
    const started = performance.now()
    t.is(join().length, READ * (READS + 1))
    return performance.now() - started
  }
  const anew = timed(() => {
    let all = Buffer.from(read)
    for (let i = 0; i < READS; i++) all = Buffer.concat([all, read])
    return all
  })
  // the best of several: something else may run in between
  const each = Array.from({ length: 10 }, () =>
    timed(() => {
      const packet = new PartialPacket(read)
      for (let i = 1; i < READS; i++) packet.add(read)
      return packet.whole(read)
    }),
  )
  const once = Math.min(...each)
  t.true(once < anew / 5, `${once} ms, and ${anew} ms for joining at each read`)
})
