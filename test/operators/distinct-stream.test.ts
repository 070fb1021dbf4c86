import test from 'ava'
import { DistinctStream } from '#src/operators/distinct-stream.ts'
import type { Batch, OperatorId, Row } from '#src/operators/operator.ts'

const context = {
  metrics: { recordsIn: 0, recordsOut: 0 },
  rowError() {},
} as never

function distinct(most: number) {
  const operator = new DistinctStream('d' as OperatorId, context, most)
  let sent: Row[] = []
  operator.link({ push: ({ rows }: Batch) => sent.push(...rows), advance() {} })
  const push = (...values: unknown[]) => {
    sent = []
    operator.push({ rows: values.map((v) => ({ v })), times: values.map((_, i) => i) })
    return sent.map(({ v }) => v)
  }
  return { operator, push }
}

test('each different row passes once, over batches', (t) => {
  const { push } = distinct(10)
  t.deepEqual(push(1, 1, '1', null), [1, '1', null])
  t.deepEqual(push(1, 2, undefined), [2])
})

test('what was seen longest ago is forgotten when there is no room', (t) => {
  const { push } = distinct(2)
  t.deepEqual(push(1, 2, 1, 3), [1, 2, 3])
  t.deepEqual(push(1, 2), [2])
})

test('what was seen is part of the state', (t) => {
  const before = distinct(2)
  before.push(1, 2, 1)
  const after = distinct(2)
  after.operator.restore(structuredClone(before.operator.snapshot()))
  t.deepEqual(after.push(1, 3, 2), [3, 2])
})
