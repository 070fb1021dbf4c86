import test from 'ava'
import { textOf, WorkerFault } from '#host/cell/workers/worker-fault.ts'

test('what a worker says stays one line, of a length that is bearable', (t) => {
  t.is(textOf('a\u0000b\nc\u001b[31m\u0085d\u2028e\u2029f', 100), 'a b c [31m d e f')
  t.is(textOf('ü – 日本 😀', 100), 'ü – 日本 😀')
  t.is(textOf('abcdef', 3), 'abc')
  t.is(textOf(7, 3), undefined)
})

test('a fault of a worker is made of its own plain texts alone', (t) => {
  const fault = WorkerFault.from({ value: { code: 'bad-plugin', message: 'no\nsuch export' } })
  t.is(fault.code, 'bad-plugin')
  t.is(fault.message, 'no such export')
  for (const thrown of [undefined, 'text', {}, { value: { message: { toString: () => 'x' } } }]) {
    const { code, message } = WorkerFault.from(thrown)
    t.deepEqual({ code, message }, { code: 'failed', message: 'the worker gave no reason' })
  }
  const inherited = Object.create({ value: { message: 'from a prototype' } })
  t.is(WorkerFault.from(inherited).message, 'the worker gave no reason')
})
