import test from 'ava'
import { isContained, listAttacks, runAttacks, textOf, type Verdict } from './run.ts'

let verdicts: ReadonlyMap<string, Verdict> = new Map()

test.before('attacks on what the host serves to plugins, by an installed plugin', async (t) => {
  t.timeout(20 * 60_000)
  verdicts = await runAttacks({ adapter: 'adapter.mjs', folder: 'own' })
})

for (const attack of listAttacks('own')) {
  test(`${attack.class}: ${attack.title} (${attack.name})`, (t) => {
    const verdict = verdicts.get(attack.name)
    if (verdict === undefined) {
      t.fail('it was not run')
      return
    }
    t.deepEqual(verdict.notes ?? [], [])
    t.notRegex(verdict.note ?? '', /^refused/)
    t.true(isContained(verdict), textOf(verdict))
  })
}
