import { stat, utimes, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import test from 'ava'
import { bundleEntry, entryOf, tiers } from '#host/cell/workers/bundle.ts'
import { cacheFolder } from '#test/fixtures/cell/cells.ts'
import { processFolder } from '#test/fixtures/folder.ts'

test('an entry is bundled once, and again when one of its sources changes', async (t) => {
  const folder = processFolder()
  const [entry, part] = [path.join(folder, 'entry.ts'), path.join(folder, 'part.ts')]
  await writeFile(entry, `import { n } from './part.ts'\nexport default (): number => n\n`)
  await writeFile(part, 'export const n: number = 1\n')
  const cache = path.join(folder, 'cache')
  const first = await bundleEntry(entry, cache)
  t.is((await import(first)).default(), 1)
  await utimes(first, 1000, 1000)
  t.is(await bundleEntry(entry, cache), first)
  t.is((await stat(first)).mtimeMs, 1_000_000)
  await writeFile(part, 'export const n: number = 2\n')
  const second = await bundleEntry(entry, cache)
  t.not(second, first)
  t.is((await import(second)).default(), 2)
})

test('a source that cannot be bundled is an error that names it', async (t) => {
  const folder = processFolder()
  const entry = path.join(folder, 'broken.ts')
  await writeFile(entry, 'export default {{')
  await t.throwsAsync(bundleEntry(entry, folder), { message: /broken\.ts/ })
})

for (const tier of tiers) {
  test(`the pool cannot require the script of a ${tier} worker: it has to import it`, async (t) => {
    const script = await bundleEntry(entryOf(tier), cacheFolder)
    t.throws(() => createRequire(import.meta.url)(script), { code: 'ERR_REQUIRE_ASYNC_MODULE' })
  })
}
