import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { entryOf } from './bundle.ts'
import { closedFlags } from './rule-thread.ts'

const entry = await entryOf('sandboxed')

/** Boots the entry with these flags; resolves with why it failed, or with its exit code. */
async function boot(t: ExecutionContext, flags: readonly string[]): Promise<string> {
  const worker = new Worker(entry, { env: {}, execArgv: [...flags, `--allow-fs-read=${entry}`] })
  t.teardown(() => worker.terminate())
  const failed = once(worker, 'error').then(([error]) => (error as Error).message)
  const exited = once(worker, 'exit').then(([code]) => `exit ${code}`)
  return await Promise.race([failed, exited])
}

test('a worker without powers starts', async (t) => {
  t.is(await boot(t, closedFlags), 'exit 0')
})

test('a worker without the permission model refuses to go on', async (t) => {
  const worker = new Worker(entry, { env: {}, execArgv: [] })
  t.teardown(() => worker.terminate())
  const [error] = await once(worker, 'error')
  t.is(
    (error as Error).message,
    'the worker was started without --permission: plugins would have every power',
  )
})

const refuses = test.macro(async (t, flag: string, power: string) => {
  const reason = await boot(t, [...closedFlags, flag])
  t.is(reason, `the worker has powers that no rule worker may have: ${power}`)
})

test('a worker that may write refuses to go on', refuses, '--allow-fs-write=*', 'fs.write')
test('a worker that may connect refuses to go on', refuses, '--allow-net', 'net')
test(
  'a worker that may start processes refuses to go on',
  refuses,
  '--allow-child-process',
  'child',
)
test('a worker that may start threads refuses to go on', refuses, '--allow-worker', 'worker')
test('a worker that may run WASI refuses to go on', refuses, '--allow-wasi', 'wasi')
test('a worker that may load native code refuses to go on', refuses, '--allow-addons', 'addon')
