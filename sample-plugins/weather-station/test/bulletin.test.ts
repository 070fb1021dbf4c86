import { fileURLToPath } from 'node:url'
import { tiers } from '@plutino/sdk/testing'
import test from 'ava'

const project = fileURLToPath(new URL('..', import.meta.url))

for (const { name: where, open } of await tiers(project)) {
  test(`${where}: each row is a bulletin with a number, which goes on after a restart`, async (t) => {
    await using plugin = await open(project)
    const sink = await plugin.sink('bulletin', { props: { title: 'news' } })
    await sink.collect([{ place: 'Hamburg', felt: 12.5 }, { place: 'Kiel' }])
    const restore = await sink.checkpoint()
    await sink.close()
    const next = await plugin.sink('bulletin', { restore })
    await next.collect([{ n: 1 }])
    t.deepEqual(
      plugin.logs.map(({ level, text }) => `${level} ${text}`),
      ['info news 1: place Hamburg, felt 12.5', 'info news 2: place Kiel', 'info bulletin 3: n 1'],
    )
  })
}
