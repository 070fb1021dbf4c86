import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArrivalClock } from '#host/cell/buffer/arrival-clock.ts'
import { SourceBuffer } from '#host/cell/buffer/source-buffer.ts'
import { Spool } from '#host/cell/spool/spool.ts'
import { SpoolWriter } from '#host/cell/spool/spool-writer.ts'
import { FRAME_HEADER_BYTES } from '#src/flow/frame.ts'
import { compare } from '#test/bench/reference/compare.mjs'
import { appendAndSync } from '#test/bench/reference/host.mjs'
import { makePayloads } from '#test/bench/reference/payloads.mjs'

/*
 * The spool alone: tuples of 100 B written to it in groups of so many, each synced, against one write and one fdatasync
 * of the same bytes per group, by hand. `node test/bench/spool.ts`
 */

const payloads = makePayloads().slice(0, 6400)
const folder = await mkdtemp(join(tmpdir(), 'plutino-spool-'))

function ours(perGroup: number) {
  let life = 0
  return {
    async measure(ms: number) {
      const spool = await Spool.open({ folder: join(folder, `ours-${perGroup}-${life++}`) })
      const clock = new ArrivalClock(Date.now)
      const buffer = new SourceBuffer({ metas: spool.metas, clock })
      const reader = buffer.addReader({ isLossless: false })
      const writer = new SpoolWriter({ spool, buffer, clock, onSafe: () => {} })
      let units = 0
      const start = performance.now()
      while (performance.now() - start < ms) {
        for (let i = 0; i < perGroup; i++) {
          const payload = payloads[(units + i) % payloads.length] ?? Buffer.alloc(0)
          if (!writer.write(payload, 0, payload.length)) throw new Error('the buffer is full')
        }
        const { promise, resolve } = Promise.withResolvers<void>()
        writer.ring()
        writer.whenDurable(resolve)
        await promise
        units += perGroup
        while (buffer.take(reader).length > 0) buffer.acknowledge(reader)
      }
      const window = { units, ms: performance.now() - start }
      await spool.remove()
      return window
    },
  }
}

/** The same bytes in the same groups, laid out before anything is measured. */
function reference(perGroup: number) {
  let life = 0
  const groups = Array.from({ length: 20 }, (_, group) => {
    const some = payloads.slice((group * perGroup) % payloads.length).slice(0, perGroup)
    const bytes = some.reduce((sum, { length }) => sum + length + FRAME_HEADER_BYTES, 32)
    return [Buffer.alloc(bytes, 'x')]
  })
  return {
    async measure(ms: number) {
      const path = join(folder, `reference-${perGroup}-${life++}`)
      let units = 0
      const start = performance.now()
      while (performance.now() - start < ms) {
        await appendAndSync(path, groups)
        units += groups.length * perGroup
      }
      const window = { units, ms: performance.now() - start }
      await rm(path)
      return window
    },
  }
}

for (const perGroup of [64, 640]) {
  await compare(
    `spool against append + fdatasync of the same bytes: groups of ${perGroup}, 100 B`,
    ours(perGroup),
    reference(perGroup),
    { ms: 300 },
  )
}
await rm(folder, { recursive: true, force: true })
