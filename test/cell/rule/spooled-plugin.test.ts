import { join } from 'node:path'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { diskCell, rewindingRule, rowsIn, spoolsIn } from '../../fixtures/cell/rewinding-rule.ts'
import { eventually, keyOf, statusWhere } from '../../fixtures/cell/rules.ts'

const COUNT = 28_000

test('arrays larger than the buffer, from a source with a spool: killed again and again within one, each row comes once and in order', async (t) => {
  t.timeout(300_000)
  const { cell, dataFolder } = diskCell(t)
  const path = join(makeFolder(t), 'out.jsonl')
  const options = { qos: 2, checkpointIntervalMs: 100 } as const
  const setup = { path, batch: 700, bufferLength: 90, count: COUNT, rewinds: false, options }
  await cell.deploy(rewindingRule(setup))
  t.not(spoolsIn(dataFolder).length, 0)
  for (const [deaths, least] of [1000, 6000, 12_000].entries()) {
    await eventually(
      async () => (await rowsIn(path)).length,
      (n) => n >= least,
    )
    await cell.endWorker(keyOf('a'), 'ended by the test')
    await statusWhere(cell, 'a', (s) => s.state !== 'starting' && s.restarts > deaths)
  }
  await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
  t.deepEqual(
    (await rowsIn(path)).map(({ n }) => n),
    Array.from({ length: COUNT }, (_, i) => i + 1),
  )
})
