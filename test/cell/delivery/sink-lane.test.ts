import test from 'ava'
import { PayloadError } from '#host/cell/connectors/payload-error.ts'
import { down, eventually, makeLane, numbers, ToldSink } from './lane.ts'

test('payloads whose error may pass come again until they are through, in order', async (t) => {
  const made = await makeLane()
  made.sink.failures.push(down(), down(), undefined, down())
  made.emit(1, 3)
  made.emit(4, 5)
  await eventually(() => made.lane.acknowledged === 5, 'the last acknowledgement')
  t.deepEqual(made.sink.texts, numbers(1, 5))
  t.is(made.sink.attempts, 5)
  t.like(made.lane.figures(), { records_out_total: 5, exceptions_total: 3, dropped_total: 0 })
  await made.close()
})

test('a payload that is refused is dropped alone, counted and named, and those behind it are sent', async (t) => {
  const made = await makeLane()
  made.sink.failures.push(new PayloadError(1, new Error('answered 400')))
  made.emit(1, 3)
  await eventually(() => made.lane.isIdle, 'the end')
  t.deepEqual(made.sink.texts, ['3'])
  t.like(made.lane.figures(), { records_out_total: 2, dropped_total: 1 })
  t.deepEqual(made.lines, ['dropped 1: answered 400'])
  t.is(made.lane.acknowledged, 3)
  await made.close()
})

test('what the sink refuses goes to the dead letters with what is known of it', async (t) => {
  const made = await makeLane({ props: { deadLetter: { memory: { topic: 'failed' } } } })
  made.letters.failures.push(down())
  made.sink.failures.push(new PayloadError(0, new Error('answered 400')))
  made.emit(1, 2)
  await eventually(() => made.lane.isIdle, 'the end')
  const [letter] = made.letters.texts.map((text) => JSON.parse(text))
  t.like(letter, {
    rule: 'rule1',
    action: 'told_0',
    target: 'somewhere',
    sequence: 1,
    error: 'answered 400',
    attempts: 1,
    payload: '1',
  })
  t.deepEqual(made.sink.texts, ['2'])
  t.like(made.lane.figures(), { dead_letters_total: 1, dropped_total: 0, records_out_total: 1 })
  await made.close()
})

test('with retryAttempts a payload is given up after so many, and is a dead letter then', async (t) => {
  const props = { retryAttempts: 3, deadLetter: { memory: { topic: 'failed' } } }
  const made = await makeLane({ props })
  made.sink.failures.push(down(), down(), down())
  made.emit(1, 1)
  made.emit(2, 2)
  await eventually(() => made.lane.isIdle, 'the end')
  t.deepEqual(
    made.letters.texts.map((text) => JSON.parse(text).attempts),
    [3],
  )
  t.deepEqual(made.sink.texts, ['2'])
  await made.close()
})

test('payloads wait for dead letters that cannot be sent: none is acknowledged before it is safe', async (t) => {
  const made = await makeLane({ props: { deadLetter: { memory: { topic: 'failed' } } } })
  made.letters.fails = down()
  made.sink.failures.push(new Error('no'))
  made.emit(1, 2)
  await eventually(() => made.letters.attempts > 1, 'a second attempt')
  t.is(made.lane.acknowledged, 0)
  made.letters.fails = undefined
  await eventually(() => made.lane.acknowledged === 2, 'the acknowledgement')
  t.is(made.letters.texts.length, 2)
  await made.close()
})

test('what a successor of the worker emits again is neither sent nor counted again, also while it is being sent', async (t) => {
  const made = await makeLane()
  const gate = Promise.withResolvers<void>()
  made.sink.gate = gate.promise
  made.emit(1, 4)
  made.emit(5, 6)
  made.lane.restart(2)
  made.emit(3, 8)
  gate.resolve()
  await eventually(() => made.lane.acknowledged === 8, 'the acknowledgement')
  t.deepEqual(made.sink.texts, numbers(1, 8))
  t.like(made.lane.figures(), { records_in_total: 8, records_out_total: 8 })
  await made.close()
})

test('a sink that does not open says so, is tried again, and gets what waited', async (t) => {
  const sink = new ToldSink()
  sink.opens.push(new Promise(() => {}))
  const made = await makeLane({ sink })
  made.emit(1, 2)
  t.regex(made.lane.trouble, /sink "told_0" does not open: .* took longer than 200 ms/)
  await eventually(() => made.lane.acknowledged === 2, 'the acknowledgement')
  t.is(sink.opened, 2)
  t.is(made.lane.trouble, '')
  t.deepEqual(sink.texts, numbers(1, 2))
  await made.close()
})

test('a sink that can never open fails the start', async (t) => {
  const sink = new ToldSink()
  sink.opens.push(Promise.reject(new Error('no such thing')))
  await t.throwsAsync(makeLane({ sink }), { message: 'no such thing' })
})
