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
  await new Promise((resolve) => setTimeout(resolve, 100))
  checkpointer.stop()
  t.is(counts.taken, 2)
  t.true(checkpointer.skipped > 0)
})

function setUp({ intervalMs = 0 } = {}) {
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
    commit: async (checkpoint) => void commits.push(checkpoint),
    onCommitted: () => {},
    onStale: () => {},
  })
  return { checkpointer, commits, acknowledged, positions, counts }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}
