import test from 'ava'
import { down, eventually, inFolder, makeLane, ToldSink } from './lane.ts'

const props = {
  enableCache: true,
  bufferPageSize: 10,
  deadLetter: { memory: { topic: 'failed' } },
}

function payloadsIn(letters: ToldSink): string[] {
  return letters.texts.map((text) => JSON.parse(text).payload)
}

for (const fails of [undefined, down()]) {
  const where = fails === undefined ? 'in memory' : 'in the cache'
  test(`a payload ${where} whose dead letter could not be sent before the stop is there again after it`, (t) =>
    inFolder(async (folder) => {
      const first = await makeLane({ folder, props })
      first.letters.fails = down()
      first.sink.fails = fails
      first.emit(1, 3)
      if (fails !== undefined) {
        await eventually(() => first.lane.acknowledged === 3, 'the acknowledgement')
      }
      first.sink.fails = new Error('refused')
      await eventually(() => first.letters.attempts > 0, 'an attempt')
      await first.close()
      t.deepEqual(
        first.lines.filter((line) => /lost|dropped/.test(line)),
        [],
      )

      const second = await makeLane({ folder, props, position: first.lane.acknowledged })
      second.sink.fails = new Error('refused')
      await eventually(() => second.lane.isEmpty, 'an empty cache')
      t.deepEqual(payloadsIn(second.letters), ['1', '2', '3'])
      await second.close()
    }))
}

test('a stop while a dead letter is being sent is no refusal of its sink', (t) =>
  inFolder(async (folder) => {
    const letters = new ToldSink()
    const gate = Promise.withResolvers<void>()
    letters.gate = gate.promise
    letters.fails = new DOMException('This operation was aborted', 'AbortError')
    const made = await makeLane({ folder, props, letters })
    made.sink.fails = new Error('refused')
    made.emit(1, 1)
    await eventually(() => letters.attempts === 1, 'an attempt')
    const closed = made.close()
    gate.resolve()
    await closed
    t.deepEqual(
      made.lines.filter((line) => /lost|dropped/.test(line)),
      [],
    )
  }))
