import test from 'ava'
import { isContained, listAttacks, runAttacks, textOf, type Verdict } from './run.ts'

/** Each kind of plugin has a border of its own: what crosses it, and what loops behind it. */
const classes = ['cpu', 'errors', 'host-input', 'tamper']
const beyondThreads = ['105-native-lengths.mjs', '106-native-sort.mjs']

/** Some minutes: part of the deep tests. */
const isDeep = process.env.PLUTINO_TEST_DEEP !== undefined
const attacks = listAttacks().filter(
  ({ name, class: own }) => classes.includes(own) && !beyondThreads.includes(name),
)

for (const kind of ['source', 'sink']) {
  test.serial(`the attacker as a ${kind}: ${classes.join(', ')}`, async (t) => {
    if (!isDeep) {
      t.log('skipped: set PLUTINO_TEST_DEEP=1')
      t.pass()
      return
    }
    t.timeout(20 * 60_000)
    const only = attacks.map(({ name }) => name)
    const verdicts = await runAttacks({ adapter: `adapter-${kind}.mjs`, only })
    for (const name of only) check(t, verdicts.get(name), name)
  })
}

function check(
  t: { true(value: boolean, message: string): unknown },
  verdict: Verdict | undefined,
  name: string,
): void {
  const isWell = verdict !== undefined && (verdict.notes ?? []).length === 0
  t.true(isWell, `${name} was not run, or its neighbour was broken before`)
  if (verdict !== undefined) t.true(isContained(verdict), `${name}: ${textOf(verdict)}`)
}
