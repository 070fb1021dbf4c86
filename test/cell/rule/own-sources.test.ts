import test from 'ava'
import { hostCalls, type RuleCalls } from '#host/cell/rule/host-calls.ts'
import { OffenceError } from '#host/cell/workers/guarded-endpoint.ts'

/** A rule with a built-in source 0 and a plugin's source 1; `seen` keeps what it was asked for. */
function rule() {
  const seen: string[] = []
  const calls: RuleCalls = {
    actions: 1,
    sources: [false, true],
    write: async (source) => {
      seen.push(`write ${source}`)
    },
    emit: () => {},
    delivered: () => {},
    failed: () => {},
    ended: (source) => {
      seen.push(`ended ${source}`)
    },
    lookup: async () => [],
    keyedState: async () => [],
    log: () => {},
  }
  const serve = (method: string, ...args: unknown[]) => hostCalls(calls).get(method)?.(args)
  return { seen, serve, calls }
}

test('a worker writes to and ends the sources of its plugins', async (t) => {
  const { seen, serve } = rule()
  await serve('write', 1, 1, new ArrayBuffer(16), 1)
  serve('ended', 1, 1)
  t.deepEqual(seen, ['write 1', 'ended 1'])
})

test('a source that is not its plugin’s is none of a worker’s: asking for it is an offence', (t) => {
  const { seen, serve } = rule()
  const write = t.throws(() => serve('write', 1, 0, new ArrayBuffer(16), 1), {
    instanceOf: OffenceError,
  })
  t.is(write?.message, 'source 0 is not its own')
  t.throws(() => serve('ended', 1, 0), { instanceOf: OffenceError })
  t.throws(() => serve('ended', 1, 2), { message: 'there is no source 2' })
  t.deepEqual(seen, [])
})

test('one plugin’s lines in the log are not its neighbour’s', (t) => {
  const lines = new Map<string, number>()
  const { calls } = rule()
  const table = hostCalls({
    ...calls,
    log: (_level, plugin) => lines.set(plugin, (lines.get(plugin) ?? 0) + 1),
  })
  for (let i = 0; i < 5000; i++) table.get('log')?.([1, 'info', 'loud', `${i}`])
  for (let i = 0; i < 10; i++) table.get('log')?.([1, 'info', 'quiet', `${i}`])
  const loud = lines.get('loud') ?? 0
  t.true(loud >= 200 && loud < 2000, `${loud}`)
  t.is(lines.get('quiet'), 10)
})
