import test, { type ExecutionContext } from 'ava'
import { readNote, readOffset, type Skip } from '#src/flow/frame-note.ts'
import { entryOf } from '#test/worker/bundle.ts'
import { framesOf, RuleThread } from '#test/worker/rule-thread.ts'

const entry = await entryOf('sandboxed')

/** Hands over two arrays of three, by turns with its sisters; the first of them goes on before the others. */
const text = `exports.src = class {
  next = 0
  isAgain = false
  configure() {}
  getOffset() { return this.next }
  rewind(offset) { this.next = offset; this.isAgain = true }
  async open(ctx, consumer) {
    if (this.isAgain && ctx.instanceId > 0) await new Promise((resolve) => setTimeout(resolve, 50))
    while (this.next < 6) {
      const from = this.next
      this.next += 3
      await consumer([0, 1, 2].map((i) => ({ id: ctx.instanceId, n: from + i })))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    ctx.end()
  }
  close() {}
}`

interface Tuple {
  readonly row: { readonly id: number; readonly n: number }
  readonly place: { readonly offset: unknown; readonly skip: Skip | undefined }
}

/** What comes of it from a place on. */
async function tuplesFrom(
  t: ExecutionContext,
  concurrency: number,
  place?: Tuple['place'],
): Promise<Tuple[]> {
  const thread = new RuleThread({
    entry,
    tier: 'sandboxed',
    sql: 'SELECT * FROM src',
    stream: 'CREATE STREAM src () WITH (DATASOURCE="d", TYPE="src", FORMAT="json")',
    plugins: [{ kind: 'source', name: 'src', text }],
    concurrency,
    params: place === undefined ? {} : { offsets: [place.offset], skips: [place.skip ?? 0] },
  })
  t.teardown(() => thread.end())
  await thread.open()
  await thread.wait('ended')
  return thread.of('write').flatMap(({ args: [, , chunk, count] }) => {
    const buffer = chunk as ArrayBuffer
    const [bytes, view] = [Buffer.from(buffer), new DataView(buffer)]
    return framesOf(buffer, count as number).map(({ at, payload }) => ({
      row: JSON.parse(String(payload)),
      place: { offset: readOffset(bytes, view, at), skip: readNote(bytes, view, at)?.skip },
    }))
  })
}

for (const concurrency of [1, 3]) {
  const how = concurrency === 1 ? 'one instance' : `${concurrency} instances`
  test(`${how}: from whichever tuple of an array it goes on, each other tuple comes once`, async (t) => {
    t.timeout(300_000)
    const all = await tuplesFrom(t, concurrency)
    const rows = all.map(({ row }) => row)
    t.is(rows.length, 6 * concurrency)
    t.true(all.some(({ place }) => place.skip !== undefined))
    const inOrder = (known: readonly Tuple['row'][]) => known.map(({ id, n }) => id * 6 + n).sort()
    for (const [index, { place }] of all.entries()) {
      const rest = await tuplesFrom(t, concurrency, place)
      const both = [...rows.slice(0, index + 1), ...rest.map(({ row }) => row)]
      t.deepEqual(inOrder(both), inOrder(rows), `behind tuple ${index}`)
    }
  })
}

const inArray = { offset: [undefined, 3], skip: [0, 2] }

test('what is known of an instance that comes late is known behind tuples of its sister, too', async (t) => {
  t.timeout(300_000)
  const rest = await tuplesFrom(t, 2, inArray)
  const left = rest.map(({ row }) => row)
  t.is(left[0]?.id, 0)
  t.is(left.length, 1 + 6)
  for (const [index, { place }] of rest.entries()) {
    const more = await tuplesFrom(t, 2, place)
    const both = [...left.slice(0, index + 1), ...more.map(({ row }) => row)]
    const inOrder = (rows: readonly Tuple['row'][]) => rows.map(({ id, n }) => id * 6 + n).sort()
    t.deepEqual(inOrder(both), inOrder(left), `behind tuple ${index}`)
  }
})

for (const [how, concurrency, skip] of [
  ['another number of instances', 1, [0, 2]],
  ['another number of instances', 3, [0, 2]],
  ['one instance', 2, 3],
] as const) {
  test(`what was known to ${how} takes nothing from ${concurrency}`, async (t) => {
    t.timeout(300_000)
    // in the first array of all: there is no offset yet
    const all = await tuplesFrom(t, concurrency, { offset: undefined, skip })
    t.is(all.length, 6 * concurrency)
  })
}
