import { fileURLToPath } from 'node:url'
import test from 'ava'
import { bundleEntry, type Tier } from '#host/cell/workers/bundle.ts'
import { RulePool } from '#host/cell/workers/pool.ts'
import { cacheFolder } from '../../fixtures/cell/cells.ts'

const entry = fileURLToPath(new URL('../../fixtures/cell/powers-worker.ts', import.meta.url))

for (const tier of ['bare', 'sandboxed'] as const) {
  test(`a ${tier} worker has no power, no environment, no database and no file`, async (t) => {
    process.env.PLUTINO_TEST_SECRET = 'x'
    t.deepEqual(await ask(tier, 'powers'), [])
    t.deepEqual(await ask(tier, 'environment'), {})
    t.is(await ask(tier, 'sqlite'), 'closed')
    t.is(await ask(tier, 'passwd'), 'closed')
  })
}

test('a trusted worker has the powers of the process, but not its environment', async (t) => {
  const powers = await ask('trusted', 'powers')
  t.true(Array.isArray(powers) && powers.length > 0)
  t.deepEqual(await ask('trusted', 'environment'), {})
})

async function ask(tier: Tier, name: string): Promise<unknown> {
  const pool = new RulePool({ tier, entry: await bundleEntry(entry, cacheFolder) })
  try {
    return await pool.start({ name }, []).task
  } finally {
    await pool.destroy()
  }
}
