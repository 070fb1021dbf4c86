import test, { type ExecutionContext } from 'ava'
import { readNote, readOffset } from '#src/flow/frame-note.ts'
import { entryOf } from '#test/worker/bundle.ts'
import { framesOf, RuleThread } from '#test/worker/rule-thread.ts'

const entry = await entryOf('sandboxed')

/** Hands over two arrays of three, by turns with its sister. */
const text = `exports.src = class {
  next = 0
  configure() {}
  getOffset() { return this.next }
  rewind(offset) { this.next = offset }
  async open(ctx, consumer) {
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
  readonly place: { readonly offset: unknown; readonly skip: number | undefined }
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
