import { MessageChannel } from 'node:worker_threads'
import test from 'ava'
import { wrapWorker } from '#host/cell/workers/comlink-client.ts'

interface Remote {
  call(): Promise<unknown>
}

test('what a worker throws is rebuilt: short text, no class of its own', async (t) => {
  const value = { code: 'x'.repeat(200), message: `a\nb${'m'.repeat(1_000_000)}`, extra: 1 }
  const error = await t.throwsAsync(answered({ type: 'HANDLER', name: 'throw', value: { value } }))
  t.is(error?.message.length, 300)
  t.true(error?.message.startsWith('a b'))
  t.deepEqual([error?.name, Reflect.get(error ?? {}, 'code').length], ['WorkerFault', 60])
  t.false('extra' in (error ?? {}))
})

for (const value of [null, 1, { value: null }, { isError: true }]) {
  test(`an error without a shape is an error: ${JSON.stringify(value)}`, async (t) => {
    const answer = answered({ type: 'HANDLER', name: 'throw', value })
    await t.throwsAsync(answer, { message: 'the worker gave no reason' })
  })
}

test('the host takes no proxy from a worker', async (t) => {
  const { port1 } = new MessageChannel()
  await t.throwsAsync(answered({ type: 'HANDLER', name: 'proxy', value: port1 }, [port1]))
})

/** What the host sees when a worker answers a call with this. */
async function answered(
  wire: object,
  move: import('node:worker_threads').MessagePort[] = [],
): Promise<unknown> {
  const { port1, port2 } = new MessageChannel()
  port2.on('message', ({ id }) => port2.postMessage({ id, ...wire }, move))
  try {
    return await wrapWorker<Remote>(port1).call()
  } finally {
    port1.close()
  }
}
