import type { SourceTuple } from '@plutino/sdk'
import {
  type Batch,
  BrokenRecord,
  JsonLinesTransformer,
  Lines,
  ObjectRecordIterator,
  sourceConfig,
  taskSource,
} from '@plutino/sdk/object-source'
import test from 'ava'
import fc from 'fast-check'
import { bodyOf, text } from './formats.ts'
import { live } from './plugin.ts'
import { lines, MemoryState, MemoryStore, storeTask } from './rig.ts'

const { parse, stringify } = JSON

async function batchesOf(
  content: string,
  { maxLines = 0, skip = 0, chunkBytes = 50, props = {} },
): Promise<Batch[]> {
  const input = {
    body: bodyOf(text(content), chunkBytes),
    context: { storageKey: 'k' },
    config: sourceConfig({ 'max.record.bytes': 400, ...props }),
    skip,
    maxLines,
  }
  return await Array.fromAsync(new JsonLinesTransformer().batches(input))
}

const linesIn = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString()
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '')

/** One value for each record, as it would be without lines; broken ones by their message. */
function valuesIn(batches: readonly Batch[]): unknown[] {
  return batches
    .flatMap(({ values }) => values)
    .flatMap((value) => {
      if (!(value instanceof Lines)) {
        return [value instanceof BrokenRecord ? value.error.message : value]
      }
      const found = linesIn(value.bytes)
      if (found.length !== value.count) throw new Error(`${found.length}, not ${value.count}`)
      return found.map((line) => parse(line))
    })
}

const line = fc.oneof(
  { weight: 8, arbitrary: fc.record({ id: fc.nat(), text: fc.string() }).map((r) => stringify(r)) },
  fc.constantFrom('', '\r', '  ', '7', '[1,2]', 'oops', '{"id":12345678901234567890}'),
  fc.constantFrom('{"id":1}\r', '{"id":1} ', `{"id":"${'x'.repeat(500)}"}`, '\ufeff{"id":3}'),
)

test('lines that go over as they are, and those that do not, are the records that there would be without', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 60 }),
      fc.integer({ min: 1, max: 700 }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(50),
      async (all, chunkBytes, maxLines, skip) => {
        const content = all.join('\n')
        const plain = await batchesOf(content, { chunkBytes, skip })
        const packed = await batchesOf(content, { chunkBytes, skip, maxLines })
        t.deepEqual(valuesIn(packed), valuesIn(plain))
      },
    ),
    { numRuns: 200 },
  )
})

test('of a thousand rows of one kind all go over as they are, none parsed', async (t) => {
  const batches = await batchesOf(lines('a', 1000), { maxLines: 300, chunkBytes: 4096 })
  t.true(batches.every(({ values }) => values.every((value) => value instanceof Lines)))
  t.deepEqual(
    valuesIn(batches),
    linesIn(text(lines('a', 1000))).map((each) => parse(each)),
  )
})

test('with longs as bigints every line is parsed', async (t) => {
  const props = { longs: 'bigint' }
  t.deepEqual(valuesIn(await batchesOf('{"id":1}\n', { maxLines: 9, props })), [{ id: 1n }])
})

/** The rows of tuples, as a rule reads them, with the number of each in its object. */
function rowsOf(tuples: readonly SourceTuple[]): [unknown, unknown][] {
  return tuples.flatMap(({ message, meta = {}, lines: counter }) => {
    if (counter === undefined) return [[message, meta.recordCount] as [unknown, unknown]]
    return linesIn(message as Uint8Array).map((each, i): [unknown, unknown] => [
      parse(each),
      Number(meta[String(counter)]) + i,
    ])
  })
}

const csv = (from: number, count: number) =>
  `id\n${Array.from({ length: count }, (_, i) => `${from + i}\n`).join('')}`

for (const [format, make] of Object.entries({ jsonl: (n: number) => lines(`o${n}`, 40), csv })) {
  test(`${format}: killed after any tuple of many rows and resumed there, each row comes once, in order, with its number`, async (t) => {
    const store = new MemoryStore()
    store.chunkBytes = 301
    for (let n = 0; n < 4; n++) store.put(`o${n}`, make(n * 40, 40))
    const props = { 'input.format': format, 'max.poll.records': 30 }
    const source = () => new (taskSource(() => storeTask(store).task))()
    const state = new MemoryState()
    const all: [unknown, unknown][] = []
    let from: unknown
    for (let lives = 0; all.length < 160; lives++) {
      t.true(lives < 200)
      const life = await live(source(), { props, state, from, until: 1, takesLines: true })
      t.true(life.tuples.some((tuple) => tuple.lines !== undefined))
      all.push(...rowsOf(life.tuples))
      from = life.offset
    }
    const plain = await live(source(), { props, state: new MemoryState(), until: 160 })
    t.true(plain.tuples.every((tuple) => tuple.lines === undefined))
    t.deepEqual(all, rowsOf(plain.tuples))
  })
}

test('a broken record between others is counted: those behind it keep their numbers', async (t) => {
  const store = new MemoryStore()
  store.put('o', '{"id":1}\n7,\n{"id":3}\n{"id":4}\n')
  const { task, made } = storeTask(store)
  const Source = taskSource(() => task)
  const { tuples } = await live(new Source(), {
    props: { 'input.format': 'jsonl' },
    state: new MemoryState(),
    until: 2,
    takesLines: true,
  })
  t.deepEqual(rowsOf(tuples), [
    [{ id: 1 }, 1],
    [{ id: 3 }, 3],
    [{ id: 4 }, 4],
  ])
  t.is(made.iterator?.counts.brokenRecords, 1)
})

test('where a broken line ends the rule, and where it ends the object, lines are parsed before they go over', async (t) => {
  for (const tolerance of ['none', 'object']) {
    const store = new MemoryStore()
    store.put('o', '{"id":1}\n{"id":}\n{"id":3}\n')
    const { task } = storeTask(store)
    const props = { 'input.format': 'jsonl', 'errors.tolerance': tolerance }
    await task.start(
      { logger: console as never, state: new MemoryState(), takesLines: true },
      props,
    )
    await task.waitForRecords()
    t.deepEqual(task.takeRecord()?.value.value, { id: 1 })
    await task.close()
  }
  t.true('useLines' in ObjectRecordIterator.prototype)
})
