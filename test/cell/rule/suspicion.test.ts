import test from 'ava'
import { SourceBuffer } from '#host/cell/buffer/source-buffer.ts'
import { Suspicion } from '#host/cell/rule/suspicion.ts'

test('one death says nothing, two with the same tuples in hand make them suspect', (t) => {
  const { suspicion, reader, die } = setUp(10)
  die()
  t.deepEqual([suspicion.isUneasy(reader), suspicion.isNear(reader)], [true, false])
  die()
  t.true(suspicion.isNear(reader))
})

test('deaths with different tuples in hand make none suspect', (t) => {
  const { suspicion, reader, buffer, die } = setUp(2)
  die({ single: true })
  buffer.take(reader, { single: true })
  buffer.acknowledge(reader)
  die({ single: true })
  t.false(suspicion.isNear(reader))
  t.false(suspicion.isKiller(reader))
})

test('the tuple that is alone in hand at two deaths is the killer, and is named once', (t) => {
  const { suspicion, reader, die } = setUp(10)
  die({ single: true })
  t.false(suspicion.isKiller(reader))
  die({ single: true })
  t.true(suspicion.isKiller(reader))
  t.deepEqual([suspicion.isNew(1), suspicion.isNew(1)], [true, false])
})

function setUp(count: number) {
  const buffer = new SourceBuffer()
  const reader = buffer.addReader({ isLossless: false })
  for (let i = 0; i < count; i++) buffer.write(Buffer.from(`${i}`), 0, 1)
  const suspicion = new Suspicion()
  const die = (limits = {}) => {
    buffer.take(reader, limits)
    suspicion.died(reader)
    buffer.rewind(reader)
  }
  return { buffer, reader, suspicion, die }
}
