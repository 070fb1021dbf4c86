import test from 'ava'
import { EmissionOrder } from '#host/cell/rule/emission-order.ts'

test('emissions that overtook others wait for them', (t) => {
  const order = new EmissionOrder(10)
  t.deepEqual(firsts(order, 14, 1), [])
  t.deepEqual(firsts(order, 13, 1), [])
  t.deepEqual(firsts(order, 11, 2), [11, 13, 14])
  t.is(order.last, 14)
})

test('an emission that came before is refused, and so is a gap that never closes', (t) => {
  const order = new EmissionOrder(0)
  firsts(order, 1, 3)
  t.throws(() => firsts(order, 3, 1), { message: 'emission 3 of action 0 came twice' })
  for (let first = 5; first < 5 + 256; first++) firsts(order, first, 1)
  t.throws(() => firsts(order, 1000, 1), { message: 'emission 4 of action 0 never came' })
})

function firsts(order: EmissionOrder, first: number, count: number): number[] {
  const emission = { action: 0, buffer: new ArrayBuffer(0), count, first }
  return order.take(emission).map((taken) => taken.first)
}
