import { createDecipheriv, randomBytes } from 'node:crypto'
import test from 'ava'
import { CellError } from '#host/cell/cell.ts'
import { payloadsOf, rowIds } from '#host/cell/connectors/payloads.ts'
import { checkedTopic } from '#host/cell/connectors/topic-runs.ts'
import { readActionOptions } from '#host/cell/delivery/action-options.ts'
import { encrypted } from '#host/cell/delivery/cipher.ts'
import { marked } from '#host/cell/delivery/resend-mark.ts'
import { EmissionOrder } from '#host/cell/rule/emission-order.ts'
import { connectorContext, payloadChunk } from '#test/fixtures/connector.ts'

const marks: [payload: string, expected: string][] = [
  ['{"a":1}', '{"a":1,"again":true}'],
  ['{}', '{"again":true}'],
  ['[{"a":1},{"a":"}]"}]', '[{"a":1,"again":true},{"a":"}]","again":true}]'],
  ['[[{"a":1}],[{}]]', '[[{"a":1,"again":true}],[{"again":true}]]'],
  ['{"again":false,"a":{"again":1}}', '{"again":true,"a":{"again":1}}'],
  ['{"a":"again","again": {"x":[1,"]"]} }', '{"a":"again","again":true}'],
  ['{"a":"\\"again\\":1","b":[]}', '{"a":"\\"again\\":1","b":[],"again":true}'],
  ['[]', '[]'],
  ['[1,2]', '[1,2]'],
]
for (const [payload, expected] of marks) {
  test(`${payload} is resent as ${expected}`, (t) => {
    t.is(marked(Buffer.from(payload), 'again').toString(), expected)
  })
}

for (const mode of ['cfb', 'gcm'] as const) {
  for (const bytes of [16, 24, 32]) {
    test(`aes ${mode} with ${bytes} bytes of key is opened by whoever has the key`, (t) => {
      const key = randomBytes(bytes)
      const props = { encryption: 'aes', encProps: { mode, key: key.toString('base64') } }
      const { cipher } = readActionOptions({ type: 'mqtt', props })
      if (cipher === undefined) return t.fail('no cipher')
      const chunk = { ...payloadChunk(['{"a":1}', '']), first: 5 }
      const closed = [...payloadsOf(encrypted(chunk, cipher))]
      t.deepEqual(
        closed.map(({ sequence }) => sequence),
        [5, 6],
      )
      const opened = closed.map((payload) => open(Buffer.from(payload.bytes), mode, key))
      t.deepEqual(opened, ['{"a":1}', ''])
    })
  }
}

function open(closed: Buffer, mode: 'cfb' | 'gcm', key: Buffer): string {
  const bits = key.length * 8
  if (mode === 'cfb') {
    const decipher = createDecipheriv(`aes-${bits}-cfb`, key, closed.subarray(0, 16))
    return Buffer.concat([decipher.update(closed.subarray(16)), decipher.final()]).toString()
  }
  const name = `aes-${bits}-gcm` as 'aes-256-gcm'
  const decipher = createDecipheriv(name, key, closed.subarray(0, 12))
  decipher.setAuthTag(closed.subarray(-16))
  const middle = decipher.update(closed.subarray(12, -16))
  return Buffer.concat([middle, decipher.final()]).toString()
}

const refused: [props: Record<string, unknown>, message: string][] = [
  [
    { encryption: 'aes' },
    'sink "mqtt": property "encryption" needs a key: set basic.aesKey of the server, or encProps.key',
  ],
  [
    { encryption: 'aes', encProps: { key: 'YWJj' } },
    'sink "mqtt": property "encryption" needs a key of 16, 24 or 32 bytes in base64, not 3',
  ],
  [
    { enableCache: true, cacheFullPolicy: 'dropAll' },
    'sink "mqtt": property "cacheFullPolicy" must be one of pushBack, dropOldest, not "dropAll"',
  ],
  [
    { enableCache: true, resendIndicatorField: 'again', compression: 'gzip' },
    'sink "mqtt": property "resendIndicatorField" needs format json without compression and encryption',
  ],
  [
    { deadLetter: { file: {}, log: {} } },
    'sink "mqtt": property "deadLetter" must name one sink, such as {"file": {"path": "failed"}}',
  ],
]
for (const [props, message] of refused) {
  test(message, (t) => {
    const error = t.throws(() => readActionOptions({ type: 'mqtt', props }), {
      instanceOf: CellError,
    })
    t.is(error?.message, message)
  })
}

test('sizes of a cache are rounded up to pages, and a key may be in any case', (t) => {
  const { cache } = readActionOptions({
    type: 'mqtt',
    props: { enablecache: true, bufferPageSize: 100, memoryCacheThreshold: 150, maxDiskCache: 1 },
  })
  t.like(cache, { memoryCacheThreshold: 200, maxDiskCache: 100, cacheFullPolicy: 'pushBack' })
})

test('a row id is the same after a restart of the host, and another for another numbering', (t) => {
  const { context } = connectorContext({ ruleId: 'r', name: 'rest_0', generation: 'g' })
  t.is(rowIds(payloadChunk(['1'], 7, 1), context)(7), 'r-g-rest_0-7')
  t.is(rowIds(payloadChunk(['1'], 7, 2), context)(7), 'r-g-rest_0-7')
  t.is(rowIds({ ...payloadChunk(['1'], 7), generation: 'f' }, context)(7), 'r-f-rest_0-7')
})

test('a topic that a row makes is none with wildcards, without text, or when the row has no value', (t) => {
  t.is(checkedTopic('a/b'), 'a/b')
  for (const topic of ['a/+', '#', '', '<no value>', 5, undefined, 'a\0b']) {
    t.is(checkedTopic(topic), undefined)
  }
})

test('emissions that overtook others are bounded in bytes', (t) => {
  const order = new EmissionOrder(0)
  const emission = (first: number) => ({
    action: 0,
    buffer: new ArrayBuffer(1_048_576),
    count: 1,
    first,
  })
  for (let first = 2; first < 18; first++) t.deepEqual(order.take(emission(first)), [])
  t.throws(() => order.take(emission(18)), { message: 'emission 1 of action 0 never came' })
})
