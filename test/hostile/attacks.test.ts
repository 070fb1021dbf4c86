import test from 'ava'
import { isContained, listAttacks, runAttacks, textOf, type Verdict } from './run.ts'

/** What no thread can contain, and why; each ends with the process replaced: `uncontainable.test.ts`. */
const beyondThreads: Readonly<Record<string, string>> = {
  '105-native-lengths.mjs': 'includes, join and sort over a length of 2^53 ask for no interrupt',
  '106-native-sort.mjs': 'indexOf, join and sort over sparse arrays ask for no interrupt',
}

let verdicts: ReadonlyMap<string, Verdict> = new Map()

test.before('all attacks, as functions of an installed plugin', async (t) => {
  t.timeout(40 * 60_000)
  verdicts = await runAttacks({ adapter: 'adapter.mjs' })
})

for (const attack of listAttacks()) {
  test(`${attack.class}: ${attack.title} (${attack.name})`, (t) => {
    const verdict = verdicts.get(attack.name)
    if (verdict === undefined) {
      t.fail('it was not run')
      return
    }
    // A neighbour that never worked would make any verdict worthless.
    t.deepEqual(verdict.notes ?? [], [])
    if (Object.hasOwn(beyondThreads, attack.name)) t.is(verdict.verdict, 'D', textOf(verdict))
    else t.true(isContained(verdict), textOf(verdict))
  })
}

test('few attacks are refused at installation: nearly all had their turn', (t) => {
  const refused = [...verdicts.values()].filter(({ note }) => note?.startsWith('refused') === true)
  t.true(refused.length <= 12, refused.map(({ attack, note }) => `${attack}: ${note}`).join('\n'))
})
