import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/*
 * npm run test:deep [-- --minutes 60]: what the suite does for minutes, for longer. Chaos for so many minutes, generated SQL,
 * texts and bytes from new seeds and in larger numbers, all hostile plugins.
 */
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } })
const root = fileURLToPath(new URL('..', import.meta.url))
const ava = fileURLToPath(new URL('../node_modules/ava/entrypoints/cli.js', import.meta.url))
const FUZZ_RUNS = 5
const heavy = 'ava.heavy.config.js'

function run(
  title: string,
  files: readonly string[],
  environment: Record<string, string>,
  config = 'ava.config.js',
): boolean {
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  console.log(`\n${title}: ${settings.join(' ')}`)
  const { status } = spawnSync(
    process.execPath,
    [ava, '--config', config, '--timeout=30m', ...files],
    {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: 'inherit',
    },
  )
  return status === 0
}

const results: boolean[] = []
const fuzz = [
  'test/sql/garbage.test.ts',
  'test/sql/differential.test.ts',
  'test/sandbox/buffer/*.test.ts',
]
for (let i = 0; i < FUZZ_RUNS; i++) {
  const seed = `${1 + Math.floor(Math.random() * 1e9)}`
  results.push(
    run('generated input', fuzz, { SEED: seed, SQL_SEED: seed, SQL_STATEMENTS: '200000' }),
  )
}
results.push(
  run('hostile input', ['test/bad-input/*.test.ts'], {}),
  run('hostile plugins', ['test/hostile/**/*.test.ts'], { PLUTINO_TEST_DEEP: '1' }, heavy),
  run(
    'chaos',
    ['test/chaos/*.test.ts'],
    {
      PLUTINO_CHAOS_MINUTES: values.minutes,
      PLUTINO_CHAOS_SEED: `${Math.floor(Math.random() * 1e9)}`,
    },
    heavy,
  ),
)
process.exitCode = results.every(Boolean) ? 0 : 1
