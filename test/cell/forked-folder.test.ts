import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { ForkedCell } from '#host/cell/forked-cell.ts'
import { memoryEnvironment } from '#test/fixtures/cell/cells.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

test('the process of a cell stays in an empty folder, and its rules’ paths begin elsewhere', async (t) => {
  const base = makeFolder(t)
  const cell = new ForkedCell({
    environment: memoryEnvironment().environment,
    connectors: {
      module: new URL('../fixtures/cell/where.ts', import.meta.url).href,
      export: 'createNotedConnectors',
    },
    base,
    cacheFolder: 'cache',
  })
  try {
    t.like(await cell.health(), { degraded: false })
    const where = JSON.parse(readFileSync(join(base, 'where.json'), 'utf8'))
    t.deepEqual(where, { base, cwd: join(realpathSync(base), 'cache/empty') })
    t.deepEqual(readdirSync(where.cwd), [])
  } finally {
    await cell.close()
  }
})
