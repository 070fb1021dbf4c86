import test from 'ava'
import { AtOnce } from '#host/plugins/at-once.ts'

test('no more than so many run, in their order, and one that fails gives its place away', async (t) => {
  const atOnce = new AtOnce(2)
  const ends: (() => void)[] = []
  const begun: number[] = []
  const tasks = [0, 1, 2, 3, 4].map((i) =>
    atOnce.run(async () => {
      begun.push(i)
      await new Promise<void>((end) => {
        ends[i] = end
      })
      if (i === 1) throw new Error('one')
      return i
    }),
  )
  const settled = Promise.allSettled(tasks)
  const turn = () => new Promise((wake) => setImmediate(wake))
  await turn()
  t.deepEqual(begun, [0, 1])
  ends[1]?.()
  await turn()
  t.deepEqual(begun, [0, 1, 2])
  ends[0]?.()
  ends[2]?.()
  await turn()
  t.deepEqual(begun, [0, 1, 2, 3, 4])
  ends[3]?.()
  ends[4]?.()
  t.deepEqual(
    (await settled).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  )
  t.is(await atOnce.run(async () => 5), 5)
})
