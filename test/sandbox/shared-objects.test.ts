import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { bundleExtension } from '#host/plugins/bundle.ts'
import { bundled } from '#test/worker/bundle.ts'
import { RuleThread } from '#test/worker/rule-thread.ts'

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url))

interface Judgement {
  readonly reached: number
  readonly shared: number
  readonly open: readonly string[]
  readonly withState: readonly string[]
  readonly roots: readonly string[]
}

async function judgement(): Promise<Judgement> {
  const code = await readFile(pathOf('shared-objects-plugin.cjs'))
  const { text } = await bundleExtension(new Map([['index.js', code]]), 'index.js')
  const rule = new RuleThread({
    entry: await bundled(pathOf('shared-objects-entry.ts')),
    tier: 'sandboxed',
    sql: 'SELECT one() AS one, two() AS two, judge() AS judgement FROM demo',
    plugins: [
      { kind: 'function', name: 'one', text, export: 'run' },
      { kind: 'function', name: 'two', text, export: 'run' },
      { kind: 'function', name: 'judge', package: 'judge', text: 'exports.judge = { exec() {} }' },
    ],
  })
  try {
    await rule.open()
    for (;;) {
      const [row] = await rule.rows([{}])
      const { one, two, judgement } = row as Record<'one' | 'two' | 'judgement', string>
      if (judgement !== '') return JSON.parse(judgement)
      if (one !== 'pending' && one !== 'done') throw new Error(one)
      if (two !== 'pending' && two !== 'done') throw new Error(two)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  } finally {
    await rule.end()
  }
}

/** Codes of the errors that the plugin was given, by whatever went wrong. */
function codesOf({ roots }: Judgement): ReadonlySet<string> {
  return new Set(roots.flatMap((path) => /(?:throws|rejects) (ERR_\w+)$/.exec(path)?.[1] ?? []))
}

test('what two plugins of one worker both get hold of is frozen and keeps nothing, the errors of the runtime included', async (t) => {
  t.timeout(300_000)
  const found = await judgement()
  t.true(found.reached > 5000, `only ${found.reached} objects were reached`)
  t.true(found.shared > 1000, `only ${found.shared} objects are shared`)
  const codes = codesOf(found)
  for (const code of platformCodes) t.true(codes.has(code), `no ${code} was met`)
  t.deepEqual(found.open, [])
  t.deepEqual(found.withState, [])
})

const platformCodes =
  `ERR_INVALID_THIS ERR_INVALID_ARG_TYPE ERR_INVALID_ARG_VALUE ERR_INVALID_STATE ERR_MISSING_ARGS
  ERR_MISSING_OPTION ERR_ARG_NOT_ITERABLE ERR_EVENT_RECURSION ERR_INTERNAL_ASSERTION`.split(/\s+/)
