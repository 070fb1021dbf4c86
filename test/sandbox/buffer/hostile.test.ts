import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'

const run = promisify(execFile)
const script = fileURLToPath(new URL('hostile-calls.ts', import.meta.url))

for (let i = 0; i < 2; i++) {
  test(`hostile receivers and arguments neither end the process nor get anything of Node’s, ${i + 1}`, async (t) => {
    const seed = process.env.SEED ?? `${1 + Math.floor(Math.random() * 1e9)}`
    t.timeout(300_000)
    try {
      const { stdout } = await run(process.execPath, ['--max-old-space-size=512', script, seed])
      t.is(stdout.trim(), '')
    } catch (error) {
      const { code, signal, stdout, stderr } = error as Record<string, unknown>
      t.fail(`seed ${seed}: code ${code}, signal ${signal}\n${stdout}\n${stderr}`)
    }
  })
}
