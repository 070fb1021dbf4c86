import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { entryOf } from '#test/worker/bundle.ts'
import { RuleThread } from '#test/worker/rule-thread.ts'
import { report } from './rig/print.ts'

/*
 * What a plugin's Buffer costs by Node's own: the same operations by the same text, in a plain thread and in a compartment,
 * one after the other, so that neighbours meet the same weather.
 */

interface Cases {
  names(): readonly string[]
  measure(name: string, now: () => number): number
}

const native = createRequire(import.meta.url)('./plugin-buffer-cases.cjs') as Cases
const text = await readFile(new URL('plugin-buffer-cases.cjs', import.meta.url), 'utf8')
const rule = new RuleThread({
  entry: await entryOf('sandboxed'),
  tier: 'sandboxed',
  sql: 'SELECT measure(name) AS ns FROM demo',
  plugins: [
    {
      kind: 'function',
      name: 'measure',
      text: `${text}
exports.default = { exec: ([name]) => exports.measure(name, () => performance.now()) }`,
      export: 'default',
    },
  ],
})
await rule.open()
const rounds = Number(process.env.ROUNDS ?? 1)
const logs: number[] = []
for (const name of native.names()) {
  let [plain, confined] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let round = 0; round < rounds; round++) {
    plain = Math.min(
      plain,
      native.measure(name, () => performance.now()),
    )
    const [row] = await rule.rows([{ name }])
    confined = Math.min(confined, (row as { ns: number }).ns)
  }
  const ratio = confined / plain
  logs.push(Math.log(ratio))
  console.log(`  ${name}: ${ratio.toFixed(2)} (${confined.toFixed(0)} by ${plain.toFixed(0)} ns)`)
}
await rule.end()
const mean = Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length)
const worst = Math.exp(Math.max(...logs))
report(
  'Buffer of a plugin by Node’s',
  `ratio ${mean.toFixed(2)} (≤ 2, geometric mean of ${logs.length} operations)`,
  `worst ${worst.toFixed(1)}`,
)
