import test from 'ava'
import type { StoredCheckpoint } from '#host/cell/cell.ts'
import { Checkpointer } from '#host/cell/rule/checkpointer.ts'

test('a checkpoint commits when every action has acknowledged what was emitted by then', async (t) => {
  const { checkpointer, commits, acknowledged } = setUp()
  acknowledged[0] = 5
  const taken = checkpointer.take()
  await pause()
  t.deepEqual(commits, [])
  acknowledged[0] = 10
  checkpointer.progress()
  await pause()
  t.deepEqual(commits, [])
  acknowledged[1] = 7
  checkpointer.progress()
  t.like(await taken, { epoch: 3, bytes: 2, pauseMs: 1 })
  t.deepEqual(
    commits.map(({ positions }) => positions),
    [[10, 7]],
  )
  t.deepEqual(checkpointer.last?.sources, [{ stream: 'demo', sequence: 4, offset: 'here' }])
})

test('commits keep their order', async (t) => {
  const { checkpointer, commits, acknowledged, positions } = setUp()
  const first = checkpointer.take()
  await pause()
  positions.splice(0, 2, 20, 20)
  const second = checkpointer.take()
  await pause()
  acknowledged.splice(0, 2, 30, 30)
  checkpointer.progress()
  await Promise.all([first, second])
  t.deepEqual(
    commits.map((commit) => commit.positions),
    [
      [10, 7],
      [20, 20],
    ],
  )
})

test('what was not committed when the worker dies never is', async (t) => {
  const { checkpointer, commits, acknowledged } = setUp()
  const taken = checkpointer.take()
  await pause()
  checkpointer.abandon()
  await t.throwsAsync(taken, { code: 'worker-died' })
  acknowledged.splice(0, 2, 30, 30)
  checkpointer.progress()
  await pause()
  t.deepEqual(commits, [])
})

test('while two are pending no third is taken', async (t) => {
  const { checkpointer, counts } = setUp({ intervalMs: 5 })
  checkpointer.start()
  for (let i = 0; i < 6000 && checkpointer.skipped < 3; i++) await pause()
  checkpointer.stop()
  t.is(counts.taken, 2)
  t.true(checkpointer.skipped >= 3)
})

test('a successor is told where to go on when the commit under way has come out', async (t) => {
  const done = Promise.withResolvers<void>()
  const { checkpointer, acknowledged } = setUp({ onCommit: () => done.promise })
  acknowledged.splice(0, 2, 30, 30)
  const taken = checkpointer.take()
  await pause()
  checkpointer.abandon()
  let known: StoredCheckpoint | undefined | 'waits' = 'waits'
  const settled = checkpointer.settled().then((checkpoint) => {
    known = checkpoint
  })
  await pause()
  t.is(known, 'waits')
  t.is(checkpointer.last, undefined)
  done.resolve()
  await settled
  t.like(await taken, { epoch: 3 })
  t.like(known, { positions: [10, 7] })
})

test('a commit under way that fails leaves the successor the one before it', async (t) => {
  const { checkpointer, acknowledged } = setUp({
    onCommit: (n) => (n === 1 ? Promise.resolve() : Promise.reject(new Error('no space'))),
  })
  acknowledged.splice(0, 2, 30, 30)
  await checkpointer.take()
  const first = checkpointer.last
  const failed = checkpointer.take()
  await pause()
  checkpointer.abandon()
  t.is(await checkpointer.settled(), first)
  await t.throwsAsync(failed, { message: 'no space' })
})

test('a snapshot that comes after its worker has died is none', async (t) => {
  const { checkpointer, commits, acknowledged } = setUp()
  acknowledged.splice(0, 2, 30, 30)
  const taken = checkpointer.take()
  checkpointer.abandon()
  await t.throwsAsync(taken, { code: 'worker-died' })
  t.deepEqual(commits, [])
})

test('the figures say how many wait, since when, and how long the pause was', async (t) => {
  const { checkpointer, acknowledged } = setUp()
  const taken = checkpointer.take()
  await new Promise((resolve) => setTimeout(resolve, 30))
  const { checkpoint_oldest_pending_ms: age = 0, ...figures } = checkpointer.figures()
  t.true(age >= 20)
  t.deepEqual(figures, {
    checkpoint_pending: 1,
    checkpoint_skipped_total: 0,
    checkpoint_pause_ms: 1,
  })
  acknowledged.splice(0, 2, 30, 30)
  checkpointer.progress()
  await taken
  t.like(checkpointer.figures(), { checkpoint_pending: 0, checkpoint_oldest_pending_ms: 0 })
})

function setUp({
  intervalMs = 0,
  onCommit = (_: number): Promise<void> => Promise.resolve(),
} = {}) {
  const commits: StoredCheckpoint[] = []
  const [acknowledged, positions] = [
    [0, 0],
    [10, 7],
  ]
  const counts = { taken: 0 }
  const checkpointer = new Checkpointer({
    epoch: 3,
    generation: 'first',
    streams: ['demo'],
    intervalMs,
    initial: undefined,
    async snapshot() {
      counts.taken++
      const seen = [{ sequence: 4, offset: 'here' }]
      return { state: new ArrayBuffer(2), seen, positions: [...positions], pauseMs: 1 }
    },
    acknowledged: () => acknowledged,
    commit: (checkpoint) => onCommit(commits.push(checkpoint)),
    onCommitted: () => {},
    onStale: () => {},
  })
  return { checkpointer, commits, acknowledged, positions, counts }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}
