import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { Spool } from '#host/cell/spool/spool.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { SmallDisk } from '#test/fixtures/small-disk.ts'
import { framesOf, readAll } from '#test/fixtures/spool.ts'

function segmentsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.spool'))
    .sort()
}

/** Numbers from a seed, the same each time. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

test('what was appended is read back from any sequence number, in this life and in the next one', async (t) => {
  for (let seed = 1; seed <= 12; seed++) {
    const next = random(seed)
    const folder = makeFolder(t)
    const limitBytes = 2_000 + Math.floor(next() * 50_000)
    const texts: string[] = []
    let spool = await Spool.open({ folder, limitBytes })
    for (let group = 0; group < 60; group++) {
      const records = Array.from({ length: 1 + Math.floor(next() * 3) }, () => {
        const count = 1 + Math.floor(next() * 20)
        const some = Array.from({ length: count }, (_, i) =>
          `${texts.length + i}`.padEnd(Math.floor(next() * 300), '.'),
        )
        texts.push(...some)
        return framesOf(some, 1000 + texts.length - count)
      })
      await spool.append(records)
      if (next() < 0.1) {
        await spool.close()
        spool = await Spool.open({ folder, limitBytes })
      }
      const from = 1 + Math.floor(next() * texts.length)
      const found = await readAll(spool, from)
      t.deepEqual(
        found.map(({ text }) => text),
        texts.slice(from - 1),
        `seed ${seed}`,
      )
      t.is(found[0]?.sequence, from)
      t.is(found[0]?.arrival, 1000 + from - 1)
    }
    t.is(spool.next, texts.length + 1)
    t.is(spool.lastArrival <= 1000 + texts.length - 1, true)
    await spool.close()
  }
})

test('a torn end, wherever it is torn, costs only groups behind the last whole one', async (t) => {
  const folder = makeFolder(t)
  const spool = await Spool.open({ folder })
  const ends: { readonly bytes: number; readonly last: number }[] = [{ bytes: 0, last: 0 }]
  for (let group = 0; group < 6; group++) {
    await spool.append([framesOf([`${group * 2 + 1}`, `${group * 2 + 2}`])])
    ends.push({ bytes: spool.bytes, last: group * 2 + 2 })
  }
  await spool.close()
  const [name = ''] = segmentsIn(folder)
  const size = readFileSync(join(folder, name)).length
  for (let left = size; left >= 0; left -= 3) {
    const torn = join(makeFolder(t), 'torn')
    mkdirSync(torn)
    copyFileSync(join(folder, name), join(torn, name))
    truncateSync(join(torn, name), left)
    const again = await Spool.open({ folder: torn })
    const last = ends.findLast(({ bytes }) => bytes <= left)?.last ?? 0
    t.is(again.next, last + 1, `${left} of ${size} bytes`)
    await again.append([framesOf(['new'])])
    const texts = (await readAll(again)).map(({ text }) => text)
    t.deepEqual(texts, [...Array.from({ length: last }, (_, i) => `${i + 1}`), 'new'])
    await again.close()
  }
})

test('junk behind the last whole group is cut off', async (t) => {
  const folder = makeFolder(t)
  const spool = await Spool.open({ folder })
  await spool.append([framesOf(['1', '2'])])
  await spool.close()
  const path = join(folder, segmentsIn(folder)[0] ?? '')
  const good = readFileSync(path)
  writeFileSync(path, Buffer.concat([good, good.subarray(0, good.length - 1), Buffer.alloc(70)]))
  const again = await Spool.open({ folder })
  t.is(again.next, 3)
  t.is(again.damagedBytes, 0)
  t.deepEqual(readFileSync(path), good)
  await again.close()
})

test('a damaged group is left out and counted, and what is behind it is not', async (t) => {
  const folder = makeFolder(t)
  const spool = await Spool.open({ folder })
  await spool.append([framesOf(['1', '2'])])
  const at = spool.bytes
  await spool.append([framesOf(['3', '4'])])
  await spool.append([framesOf(['5', '6'])])
  await spool.close()
  const path = join(folder, segmentsIn(folder)[0] ?? '')
  const bytes = readFileSync(path)
  for (const place of [0, 9, 20, 40]) {
    const damaged = Buffer.from(bytes)
    damaged[at + place] = (damaged[at + place] ?? 0) ^ 0x55
    writeFileSync(path, damaged)
    const again = await Spool.open({ folder })
    t.true(again.damagedBytes > 0, `byte ${place}`)
    t.is(again.next, 7)
    t.deepEqual(
      (await readAll(again)).map(({ sequence, text }) => `${sequence} ${text}`),
      ['1 1', '2 2', '5 5', '6 6'],
    )
    await again.close()
  }
})

test('metadata of all lives are there, whatever has been cut', async (t) => {
  const folder = makeFolder(t)
  let spool = await Spool.open({ folder, limitBytes: 4000 })
  for (let life = 0; life < 4; life++) {
    for (let group = 0; group < 10; group++) {
      t.is(spool.metas.intern({ topic: `t${life}-${group}` }), life * 10 + group + 1)
      await spool.append([framesOf(['x'.repeat(200)])])
    }
    spool.cut(spool.next - 2)
    await spool.close()
    spool = await Spool.open({ folder, limitBytes: 4000 })
    t.is(spool.metas.size, (life + 1) * 10)
    t.deepEqual(spool.metas.after(life * 10)[3]?.meta, { topic: `t${life}-3` })
  }
  await spool.close()
})

test('a cut frees what is before it and nothing behind it', async (t) => {
  const folder = makeFolder(t)
  const spool = await Spool.open({ folder, limitBytes: 8000 })
  for (let i = 0; i < 100; i++) await spool.append([framesOf([`${i + 1}`.padEnd(80)])])
  const before = spool.bytes
  spool.cut(60)
  t.true(spool.first <= 60 && spool.first > 30)
  t.true(spool.bytes < before)
  const found = await readAll(spool, 60)
  t.deepEqual(
    found.map(({ sequence }) => sequence),
    Array.from({ length: 41 }, (_, i) => i + 60),
  )
  await spool.close()
  const again = await Spool.open({ folder, limitBytes: 8000 })
  t.is(again.first, spool.first)
  t.is(again.next, 101)
  await again.close()
})

const child = fileURLToPath(new URL('../../fixtures/spool-child.ts', import.meta.url))

for (const point of ['created', 'before write', 'after write', 'after sync', 'cutting']) {
  test(`killed ${point}, a spool has lost nothing that was safe and has nothing twice`, async (t) => {
    const folder = makeFolder(t)
    let safe = 0
    for (const occurrence of [1, 2, 7]) {
      const run = spawnSync(process.execPath, [child, folder, point, `${occurrence}`])
      t.is(run.signal, 'SIGKILL', run.stderr.toString())
      const lines = run.stdout.toString().trim().split('\n')
      const numbers = lines.filter((line) => /^\d+$/.test(line)).map(Number)
      safe = Math.max(safe, ...numbers)
      const cuts = lines
        .filter((line) => line.startsWith('cut'))
        .map((line) => Number(line.slice(4)))
      const spool = await Spool.open({ folder, limitBytes: 40_000 })
      t.true(spool.next > safe, `${spool.next - 1} of ${safe}`)
      const from = Math.max(1, ...cuts)
      const found = await readAll(spool, from)
      t.deepEqual(
        found.map(({ sequence, text }) => `${sequence}=${text}`),
        Array.from({ length: spool.next - from }, (_, i) => `${from + i}=${from + i}`),
      )
      await spool.close()
    }
  })
}

test('a disk that is full delays an append, says why, and corrupts nothing', async (t) => {
  const folder = makeFolder(t)
  const disk = SmallDisk.mount(folder, 256 << 10)
  if (disk === undefined) {
    t.log('left out: nobody here may mount a small disk')
    t.pass()
    return
  }
  t.teardown(() => disk.unmount())
  const ballast = join(folder, 'ballast')
  const spool = await Spool.open({ folder: join(folder, 'spool') })
  await spool.append([framesOf(['1', '2'])])
  writeFileSync(ballast, Buffer.alloc(200_000))
  let isDone = false
  const appended = spool.append([framesOf(['3'.padEnd(150_000)])]).then(() => {
    isDone = true
  })
  for (let i = 0; i < 6000 && spool.fault === undefined; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  t.regex(spool.fault ?? '', /ENOSPC|only \d+ of \d+ bytes/)
  t.false(isDone)
  t.is((await readAll(spool)).length, 2)
  truncateSync(ballast, 0)
  await appended
  t.is(spool.fault, undefined)
  await spool.close()
  const again = await Spool.open({ folder: join(folder, 'spool') })
  t.deepEqual(
    (await readAll(again)).map(({ text }) => text.trim()),
    ['1', '2', '3'],
  )
  await again.close()
})
