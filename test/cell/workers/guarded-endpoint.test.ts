import { MessageChannel } from 'node:worker_threads'
import test from 'ava'
import {
  GuardedEndpoint,
  type GuardOptions,
  OffenceError,
  type Serve,
} from '#host/cell/workers/guarded-endpoint.ts'

test('a call is served by name, and its error comes back as text', async (t) => {
  const guarded = guard({
    add: ([a, b]) => Number(a) + Number(b),
    fail: () => {
      throw Object.assign(new Error('no room'), { code: 'full' })
    },
  })
  t.deepEqual(await guarded.ask({ id: 1, method: 'add', args: [1, 2] }), { id: 1, ok: 3 })
  t.deepEqual(await guarded.ask({ id: 2, method: 'fail', args: [] }), {
    id: 2,
    error: { code: 'full', message: 'no room' },
  })
  t.deepEqual(guarded.offences, [])
  guarded.close()
})

for (const method of ['constructor', '__proto__', 'toString', 'then', '']) {
  test(`nothing of an object's own is served: ${JSON.stringify(method)}`, async (t) => {
    const guarded = guard({})
    t.deepEqual(await guarded.ask({ id: 1, method, args: [] }), {
      id: 1,
      error: { code: 'bad-call', message: 'there is no such method' },
    })
    guarded.close()
  })
}

test('malformed calls are answered by nothing, and the fifth ends the worker', async (t) => {
  const guarded = guard({})
  const nonsense = [null, 1, 'text', { method: 1, args: [] }, { method: 'a', args: {} }]
  for (const message of nonsense) guarded.send(message)
  await guarded.settled()
  t.deepEqual(guarded.offences, ['the worker broke the protocol: a malformed call'])
  t.deepEqual(guarded.answers, [])
  guarded.close()
})

test('calls at one time are bounded, in number and in bytes', async (t) => {
  const pending = Promise.withResolvers<void>()
  const guarded = guard({ wait: () => pending.promise }, { maxCalls: 2, maxBytes: 100 })
  for (let id = 1; id <= 3; id++) guarded.send({ id, method: 'wait', args: [] })
  await guarded.settled()
  const refusal = { code: 'bad-call', message: 'too many calls at one time' }
  t.deepEqual(guarded.answers, [{ id: 3, error: refusal }])
  pending.resolve()
  await guarded.settled()
  guarded.send({ id: 4, method: 'wait', args: [new ArrayBuffer(101)] })
  await guarded.settled()
  t.deepEqual(guarded.answers.at(-1), { id: 4, error: refusal })
  guarded.close()
})

test('arguments of a wrong shape are offences, other refusals are not', async (t) => {
  const guarded = guard(
    {
      strict: () => {
        throw new OffenceError('no number')
      },
    },
    { maxStrikes: 2 },
  )
  for (let id = 1; id <= 2; id++) guarded.send({ id, method: 'strict', args: [] })
  await guarded.settled()
  t.deepEqual(guarded.offences, ['the worker broke the protocol: strict: no number'])
  guarded.close()
})

test('a flood of messages ends the worker, and what has come besides is not looked at', async (t) => {
  let served = 0
  const guarded = guard({ count: () => served++ }, { messagesPerSecond: 100 })
  for (let i = 0; i < 5000; i++) guarded.send({ method: 'count', args: [] })
  await guarded.settled()
  t.deepEqual(guarded.offences, ['the worker floods the host with messages'])
  t.true(served >= 300 && served < 5000, `${served}`)
  guarded.close()
})

test('messages that come slowly are no flood, however many they are', async (t) => {
  let served = 0
  const guarded = guard({ count: () => served++ }, { messagesPerSecond: 1000 })
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 100; i++) guarded.send({ method: 'count', args: [] })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  t.is(served, 4000)
  t.deepEqual(guarded.offences, [])
  guarded.close()
})

test('once closed nothing is served any more', async (t) => {
  let served = 0
  const guarded = guard({ count: () => served++ })
  guarded.send({ id: 1, method: 'count', args: [] })
  guarded.endpoint.close()
  await guarded.settled()
  t.is(served, 0)
})

function guard(methods: Readonly<Record<string, Serve>>, limits: Partial<GuardOptions> = {}) {
  const { port1, port2 } = new MessageChannel()
  const offences: string[] = []
  const answers: unknown[] = []
  let onAnswer: ((answer: unknown) => void) | undefined
  port2.on('message', (answer) => {
    answers.push(answer)
    onAnswer?.(answer)
  })
  const endpoint = new GuardedEndpoint(port1, {
    methods: new Map(Object.entries(methods)),
    onOffence: (reason) => offences.push(reason),
    ...limits,
  })
  const send = (message: unknown) => port2.postMessage(message)
  return {
    endpoint,
    offences,
    answers,
    send,
    ask: (message: unknown) =>
      new Promise((resolve) => {
        onAnswer = resolve
        send(message)
      }),
    /** Turns of the loop, not time: each brings what has been sent before. */
    settled: async () => {
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 2))
    },
    close: () => port2.close(),
  }
}
