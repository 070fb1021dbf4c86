import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tiers } from '@plutino/sdk/testing'

const project = fileURLToPath(new URL('..', import.meta.url))

for (const { name, open } of await tiers(project)) {
  test(`templateSink numbers its rows, also after a restart, ${name}`, async () => {
    await using plugin = await open(project)
    const first = await plugin.sink('templateSink', { props: { title: 'line' } })
    await first.collect([{ a: 1 }, { a: 2 }])
    assert.equal(first.durable, 1)
    const restore = await first.checkpoint()
    await first.close()
    const second = await plugin.sink('templateSink', { restore })
    await second.collect([{ a: 3 }])
    assert.deepEqual(
      plugin.logs.map(({ text }) => text),
      ['line 1: {"a":1}', 'line 2: {"a":2}', 'row 3: {"a":3}'],
    )
  })
}
