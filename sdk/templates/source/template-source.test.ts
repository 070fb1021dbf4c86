import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tiers } from '@plutino/sdk/testing'

const project = fileURLToPath(new URL('..', import.meta.url))

for (const { name, open } of await tiers(project)) {
  test(`templateSource brings a row each second, ${name}`, async () => {
    await using plugin = await open(project)
    const source = await plugin.source('templateSource', { datasource: 'demo' })
    await plugin.clock.advance(3000)
    const rows = (await source.next(3)).map(({ message }) => message)
    assert.deepEqual(
      rows.map((row) => ('n' in row ? [row.topic, row.n] : [])),
      [
        ['demo', 1],
        ['demo', 2],
        ['demo', 3],
      ],
    )
  })

  test(`templateSource goes on where the checkpoint was taken, ${name}`, async () => {
    await using plugin = await open(project)
    const first = await plugin.source('templateSource')
    await plugin.clock.advance(2000)
    await first.next(2)
    const restore = await first.checkpoint()
    await first.close()
    const second = await plugin.source('templateSource', { restore, props: { count: 3 } })
    await plugin.clock.advance(1000)
    const [last] = await second.finished()
    assert.equal(last?.offset, 3)
  })
}
