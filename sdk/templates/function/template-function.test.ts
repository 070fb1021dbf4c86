import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tiers } from '@plutino/sdk/testing'

const project = fileURLToPath(new URL('..', import.meta.url))

for (const { name, open } of await tiers(project)) {
  test(`templateFunction turns a text around, ${name}`, async () => {
    await using plugin = await open(project)
    const turned = await plugin.function('templateFunction')
    assert.equal(await turned.call('abc'), 'cba')
    assert.equal(await turned.call(null), null)
    await assert.rejects(turned.call(7), /a text is wanted, not a number/)
  })

  test(`templateFunction takes one argument, ${name}`, async () => {
    await using plugin = await open(project)
    const turned = await plugin.function('templateFunction')
    await assert.rejects(turned.call('a', 'b'), /takes one argument, not 2/)
  })
}
