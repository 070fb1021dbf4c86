import test from 'ava'
import { isContained, listAttacks, runAttacks, textOf, type Verdict } from './run.ts'

/**
 * The check is checked: on a host without any defence one attack of each class succeeds. A check that passes there proves
 * nothing.
 */
const succeeding = [
  '003-fs-promises',
  '006-fs-traversal',
  '009-fs-write',
  '012-fs-symlink-absolute',
  '015-proc-environ',
  '019-fd-read',
  '021-sqlite-open',
  '023-env-secret',
  '029-os-setpriority',
  '031-kill-sigkill',
  '035-spawn',
  '037-worker-escape',
  '038-process-binding',
  '039-getbuiltinmodule',
  '047-eval-function',
  '051-vm-context',
  '052-wasi',
  '053-buffer-length',
  '063-inspector-open',
  '066-v8-flags',
  '068-uninit-memory',
  '073-port-theft-forge',
  '076-broadcastchannel',
  '080-monkey-array',
  '092-result-proto-key',
  '094-swallow-uncaught',
  '102-infinite-loop',
  '110-arraybuffer-single',
  '125-fd-exhaust',
  '136-net-connect',
  '140-fetch-allowlist',
]

/** Node itself holds against all of these: nothing of ours is proved by them. */
const heldByNode = ['info', 'lifetime', 'flood']

let verdicts: ReadonlyMap<string, Verdict> = new Map()

test.before('one attack of each class on a host without defence', async (t) => {
  t.timeout(15 * 60_000)
  verdicts = await runAttacks({ adapter: 'observe/plain.mjs', only: succeeding })
})

for (const name of succeeding) {
  test(`without a sandbox it succeeds: ${name}`, (t) => {
    const verdict = [...verdicts.values()].find(({ attack }) => attack.startsWith(name))
    if (verdict === undefined) {
      t.fail('it was not run')
      return
    }
    t.not(verdict.verdict, '!', textOf(verdict))
    t.false(isContained(verdict), textOf(verdict))
  })
}

test('every class has an attack here, but those that Node itself holds against', (t) => {
  const attacks = listAttacks()
  const shown = attacks.filter(({ name }) => succeeding.some((start) => name.startsWith(start)))
  const classes = new Set(attacks.map((attack) => attack.class))
  for (const { class: own } of shown) classes.delete(own)
  t.deepEqual([...classes].sort(), [...heldByNode].sort())
})
