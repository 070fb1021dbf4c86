import type { Row, SourceContext, SourceTuple } from '@plutino/sdk'
import test from 'ava'
import { Random } from '../sources/random.ts'
import { RewindableRandom } from '../sources/rewindable-random.ts'

/** A rule that stops after some rows. */
async function take(
  source: Random | RewindableRandom,
  many: number,
  state = new Map<string, unknown>(),
  waitMs = 60_000,
) {
  const rows: Row[] = []
  const offsets: unknown[] = []
  const abort = new AbortController()
  const ctx = {
    signal: abort.signal,
    getState: (key: string) => structuredClone(state.get(key)),
    putState: (key: string, value: unknown) => state.set(key, structuredClone(value)),
  } as unknown as SourceContext
  const timer = setTimeout(() => abort.abort(), waitMs)
  await source.open(ctx, (data) => {
    rows.push('message' in data ? ((data as SourceTuple).message as Row) : (data as Row))
    if (source instanceof RewindableRandom) offsets.push(structuredClone(source.getOffset()))
    if (rows.length === many) abort.abort()
    return undefined
  })
  clearTimeout(timer)
  source.close()
  return { rows, offsets }
}

function configured<T extends Random | RewindableRandom>(source: T, props: object): T {
  source.configure('', { interval: 1, ...props })
  return source
}

const pattern = { count: 50, text: 'as it is', half: 1.5, deep: { n: 1 } }

for (const Kind of [Random, RewindableRandom]) {
  test(`${Kind.name}: whole numbers of the pattern grow by less than the seed, all else stays`, async (t) => {
    const { rows } = await take(configured(new Kind(), { seed: 3, pattern }), 100)
    const counts = new Set(rows.map(({ count }) => count))
    t.deepEqual([...counts].sort(), [50, 51, 52])
    for (const row of rows) t.deepEqual({ ...row, count: 50 }, pattern)
  })

  test(`${Kind.name}: with deduplicate no row is like one of so many before`, async (t) => {
    const { rows } = await take(configured(new Kind(), { seed: 6, deduplicate: 3 }), 60)
    for (const [i, row] of rows.entries()) {
      const before = rows.slice(Math.max(0, i - 3), i).map(({ count }) => count)
      t.false(before.includes(row.count), `row ${i}`)
    }
  })

  test(`${Kind.name}: a negative deduplicate looks at all rows ever`, async (t) => {
    const source = configured(new Kind(), { seed: 4, deduplicate: -1 })
    const { rows } = await take(source, 5, new Map(), 400)
    t.deepEqual(rows.map(({ count }) => count).sort(), [50, 51, 52, 53])
  })

  test(`${Kind.name}: a wrong option refuses the rule`, (t) => {
    t.throws(() => configured(new Kind(), { interval: 0 }), {
      message: /interval must be a positive/,
    })
    t.throws(() => configured(new Kind(), { seed: 1.5 }), { message: /seed must be a positive/ })
  })
}

test('what random has sent stands in the state: the next life leaves it out too', async (t) => {
  const state = new Map<string, unknown>()
  const props = { seed: 6, deduplicate: -1 }
  const first = await take(configured(new Random(), props), 3, state)
  const second = await take(configured(new Random(), props), 3, state)
  t.is(new Set([...first.rows, ...second.rows].map(({ count }) => count)).size, 6)
})

test('from the offset of any row rewindableRandom goes on with the next one', async (t) => {
  const props = { seed: 1000, deduplicate: 10 }
  const whole = await take(configured(new RewindableRandom(), props), 20)
  for (const at of [0, 7, 15]) {
    const source = configured(new RewindableRandom(), props)
    source.rewind(structuredClone(whole.offsets[at]))
    t.deepEqual((await take(source, 19 - at)).rows, whole.rows.slice(at + 1))
  }
  const reset = configured(new RewindableRandom(), { seed: 1000 })
  reset.resetOffset({ made: 5 })
  t.deepEqual((await take(reset, 5)).rows, whole.rows.slice(5, 10))
})
