import test from 'ava'
import { checks } from './checks.ts'
import { runCheck } from './run.ts'

for (const check of checks) {
  const { name, part, does, gives, fails } = check
  const what = part === undefined ? name : `${name} (${part})`
  if (fails === undefined) {
    test.serial(`${what} ${does}`, async (t) => {
      t.timeout(300_000)
      t.deepEqual(await runCheck(check), { value: gives })
    })
  } else {
    test.serial(`${what} does not work, as the table says`, async (t) => {
      t.timeout(300_000)
      t.regex((await runCheck(check)).error ?? 'it works', fails)
    })
  }
}
