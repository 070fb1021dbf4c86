import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { functions } from './evaluate.ts'

test('every documented example gives the same in a rule worker that is locked for good', async (t) => {
  const worker = new Worker(new URL('./locked-worker.ts', import.meta.url), {
    execArgv: ['--permission', '--allow-fs-read=*', '--no-warnings'],
    env: {},
  })
  const [report] = await once(worker, 'message', { signal: AbortSignal.timeout(60_000) })
  await worker.terminate()
  const count = functions.declarations.flatMap(({ examples }) => examples).length
  t.deepEqual(report, { count, different: [], isLocked: true })
})
