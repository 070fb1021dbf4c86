import test from 'ava'
import { forkedCell } from '../fixtures/cell/cells.ts'
import { contract } from '../fixtures/cell/contract.ts'
import { eventually, keyOf, linesOf, numbersRule, outputFile } from '../fixtures/cell/rules.ts'

for (const [title, run] of contract) {
  test.serial(`in a process of its own: ${title}`, async (t) => {
    const made = forkedCell()
    try {
      await run(t, made)
    } finally {
      await made.cell.close()
    }
  })
}

test.serial(
  'a native loop that cannot be ended leaves the other rules running, and its rule is stuck',
  async (t) => {
    const { cell } = forkedCell()
    try {
      const path = await outputFile()
      await cell.deploy(numbersRule({ rule: 'calm', sink: { path } }))
      await cell.deploy(numbersRule({ rule: 'a', orders: { 20: 'native' } }))
      const status = await eventually(
        () => cell.status(keyOf('a')),
        (seen) => seen?.state === 'stuck',
      )
      t.regex(status?.message ?? '', /native code/)
      t.deepEqual(
        await cell.health().then(({ degraded, stuckRules }) => ({ degraded, stuckRules })),
        {
          degraded: true,
          stuckRules: [keyOf('a')],
        },
      )
      const { length } = await linesOf(path)
      await eventually(
        () => linesOf(path),
        (lines) => lines.length > length + 50,
      )
      t.is((await cell.status(keyOf('calm')))?.state, 'running')
      const refused = { code: 'closed', message: /takes no more rules/ }
      await t.throwsAsync(cell.deploy(numbersRule({ rule: 'b' })), refused)
    } finally {
      cell.kill()
      await cell.close()
    }
  },
)

test.serial(
  'when the process of a cell dies, its rules are reported as stopped, and calls fail at once',
  async (t) => {
    const { cell } = forkedCell()
    const states: string[] = []
    cell.watch(({ rule, state }) => states.push(`${rule} ${state}`))
    await cell.deploy(numbersRule({ rule: 'a', intervalMs: 20 }))
    cell.kill()
    await eventually(
      async () => states,
      (seen) => seen.includes('a stopped by error'),
    )
    await t.throwsAsync(cell.deploy(numbersRule({ rule: 'b' })), { code: 'closed' })
    t.true((await cell.health()).degraded)
    await cell.close()
  },
)
