import { copyFileSync, cpSync, mkdirSync, readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import type { Noted, SourceLedger } from '#host/cell/connectors/connector.ts'
import { Spool } from '#host/cell/spool/spool.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { framesOf, readAll } from '#test/fixtures/spool.ts'

type Notes = Record<string, Noted>

/** A group: what is noted of its tuples, how many of them there are, and what is forgotten. */
interface Group {
  readonly notes: readonly { readonly key: string; readonly count: number }[]
  readonly forget: readonly string[]
}

const keys = fc.constantFrom('a', 'b', 'c', 'd')
const groups = fc.array(
  fc.record({
    notes: fc.array(fc.record({ key: keys, count: fc.integer({ min: 1, max: 4 }) }), {
      maxLength: 3,
    }),
    forget: fc.array(keys, { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 12 },
)

function notesOf(ledger: SourceLedger): Notes {
  return Object.fromEntries([...ledger.keys()].map((key) => [key, ledger.find(key) as Noted]))
}

/** As a recovery sees it that has tuples up to before `next`: a note of tuples that are lost says what it said `before`. */
function safeOf(notes: Notes, next: number, before: Notes = {}): Notes {
  const safe: Notes = {}
  for (const [key, noted] of Object.entries(notes)) {
    const count = Math.min(noted.count, next - noted.first)
    const known = count > 0 ? { ...noted, count } : before[key]
    if (known !== undefined) safe[key] = known
  }
  return safe
}

async function append(spool: Spool, { notes, forget }: Group): Promise<Notes> {
  let { next } = spool
  const ledger = spool.ledger.of(() => next)
  for (const { key, count } of notes) {
    ledger.note(key, { first: next, count, total: count, at: 1 })
    next += count
  }
  for (const key of forget) ledger.forget(key)
  const texts = Array.from({ length: next - spool.next }, (_, i) => `${spool.next + i}`)
  await spool.append(texts.length > 0 ? [framesOf(texts)] : [])
  return notesOf(ledger)
}

function newestFile(folder: string): string {
  const files = readdirSync(folder).filter((name) => name.endsWith('.spool'))
  files.sort((a, b) => Number(a.split(/[_.]/)[0]) - Number(b.split(/[_.]/)[0]))
  return join(folder, files.at(-1) ?? '')
}

test('wherever a spool is torn, its ledger says of each message just what is in the spool', async (t) => {
  t.timeout(300_000)
  const root = makeFolder(t)
  let run = 0
  await fc.assert(
    fc.asyncProperty(
      groups,
      fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
      async (all, cuts) => {
        const folder = join(root, `${++run}`)
        const spool = await Spool.open({ folder, limitBytes: 4000 })
        const states: { readonly next: number; readonly notes: Notes }[] = [{ next: 1, notes: {} }]
        for (const group of all) {
          const notes = await append(spool, group)
          states.push({ next: spool.next, notes })
        }
        await spool.close()
        if (!readdirSync(folder).some((name) => name.endsWith('.spool'))) return
        const file = newestFile(folder)
        const { size } = statSync(file)
        for (const [index, cut] of [size, ...cuts].entries()) {
          const torn = join(root, `${run}-${index}`)
          cpSync(folder, torn, { recursive: true })
          truncateSync(join(torn, file.slice(folder.length + 1)), cut % (size + 1))
          const found = await Spool.open({ folder: torn, limitBytes: 4000 })
          const notes = notesOf(found.ledger.of(() => found.next))
          // Torn between the ledger and the tuples of a group, it speaks of tuples that are not there.
          const after = states.find(({ next }) => next > found.next)
          const candidates = states
            .filter(({ next }) => next === found.next)
            .map((state) => safeOf(state.notes, found.next))
          const before = candidates.at(-1) ?? {}
          if (after !== undefined) candidates.push(safeOf(after.notes, found.next, before))
          if (index === 0) candidates.splice(0, candidates.length - 1)
          t.true(
            candidates.some((state) => equal(state, notes)),
            `${JSON.stringify(notes)} with tuples before ${found.next}`,
          )
          // and of the tuples that it has, none is missing
          t.deepEqual(
            (await readAll(found)).map(({ sequence }) => sequence),
            Array.from({ length: found.next - found.first }, (_, i) => found.first + i),
          )
          await found.close()
        }
      },
    ),
    { numRuns: 60 },
  )
})

function equal(a: Notes, b: Notes): boolean {
  const sorted = (notes: Notes) => JSON.stringify(Object.entries(notes).sort())
  return sorted(a) === sorted(b)
}

test('a ledger that changes without tuples is safe too, life after life', async (t) => {
  const folder = makeFolder(t)
  for (let life = 1; life <= 5; life++) {
    const spool = await Spool.open({ folder })
    const ledger = spool.ledger.of(() => spool.next)
    t.deepEqual([...ledger.keys()], life === 1 ? [] : ['kept', `life ${life - 1}`])
    if (life === 1) {
      ledger.note('kept', { first: 1, count: 2, total: 2, at: 7 })
      ledger.note('life 1', { first: 2, count: 1, total: 1, at: 7 })
      await spool.append([framesOf(['1', '2'])])
    } else {
      ledger.forget(`life ${life - 1}`)
      ledger.note(`life ${life}`, { first: 2, count: 1, total: 1, at: 7 })
      await spool.append([])
    }
    await spool.close()
  }
  const spool = await Spool.open({ folder })
  t.is(spool.next, 3)
  t.deepEqual(
    (await readAll(spool)).map(({ text }) => text),
    ['1', '2'],
  )
  spool.cut(3)
  await spool.close()
  const last = await Spool.open({ folder })
  t.deepEqual([...last.ledger.of(() => 0).keys()], ['kept', 'life 5'])
  await last.close()
})

test('a note that is written before its tuples does not count when they are lost', async (t) => {
  const folder = makeFolder(t)
  const spool = await Spool.open({ folder })
  const ledger = spool.ledger.of(() => spool.next)
  ledger.note('safe', { first: 1, count: 1, total: 1, at: 1 })
  ledger.note('half', { first: 2, count: 4, total: 4, at: 1 })
  ledger.note('lost', { first: 6, count: 1, total: 1, at: 1 })
  await spool.append([framesOf(['1', '2', '3'])])
  await spool.close()
  const next = await Spool.open({ folder })
  const found = next.ledger.of(() => next.next)
  t.deepEqual([...found.keys()], ['safe', 'half'])
  t.like(found.find('half'), { first: 2, count: 2, total: 4 })
  await next.close()
})

test('a cut that removes old files takes nothing from the ledger', async (t) => {
  const folder = makeFolder(t)
  const spool = await Spool.open({ folder, limitBytes: 8000 })
  const ledger = spool.ledger.of(() => spool.next)
  ledger.note('old', { first: 1, count: 1, total: 1, at: 1 })
  for (let group = 0; group < 40; group++) {
    await spool.append([framesOf(Array.from({ length: 20 }, (_, i) => `${i}`))])
    spool.cut(spool.next)
  }
  t.true(spool.first > 1)
  await spool.close()
  const copy = join(folder, 'copy')
  mkdirSync(copy)
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.spool')) copyFileSync(join(folder, name), join(copy, name))
  }
  const next = await Spool.open({ folder: copy })
  t.like(next.ledger.of(() => 0).find('old'), { first: 1, count: 1 })
  await next.close()
})
