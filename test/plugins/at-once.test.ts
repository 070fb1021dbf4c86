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

test('one who asks for a lot waits for himself, and has all places while nobody else asks', async (t) => {
  const atOnce = new AtOnce(2)
  const ends: (() => void)[] = []
  const begun: string[] = []
  const ask = (who?: string) =>
    atOnce.run(async () => {
      begun.push(who ?? 'nobody')
      await new Promise<void>((end) => ends.push(end))
    }, who)
  const all = [...Array.from({ length: 50 }, () => ask('a')), ask('b'), ask(), ask('c')]
  const turn = () => new Promise((wake) => setImmediate(wake))
  await turn()
  t.deepEqual(begun, ['a', 'a'])
  for (const n of [0, 1, 2, 3, 4]) {
    ends[n]?.()
    await turn()
  }
  t.deepEqual(begun, ['a', 'a', 'b', 'a', 'nobody', 'a', 'c'])
  for (let n = 5; n < all.length; n++) {
    ends[n]?.()
    await turn()
  }
  await Promise.all(all)
  t.is(begun.filter((who) => who === 'a').length, 50)
})
