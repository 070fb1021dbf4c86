import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Checkpoint, inProcess } from '@plutino/sdk/testing'
import test, { type ExecutionContext } from 'ava'
import { Folder } from './folder.ts'

const project = fileURLToPath(new URL('..', import.meta.url))
/** How often the source looks, on the clock of the test, ms. */
const INTERVAL = 50

/** A source that follows `app.log` in a folder. */
async function start(
  t: ExecutionContext,
  folder: Folder,
  props: object = {},
  restore?: Checkpoint,
) {
  const plugin = await inProcess(project, {
    grants: { files: { folders: { input: folder.path } } },
  })
  t.teardown(() => plugin.close())
  const source = await plugin.source('tail', {
    datasource: 'app.log',
    props: { interval: INTERVAL, ...props },
    restore,
  })
  const lines = () =>
    source.tuples.map(({ message }) =>
      message instanceof Uint8Array ? new TextDecoder().decode(message) : JSON.stringify(message),
    )
  const look = async () => {
    await plugin.clock.advance(INTERVAL)
    // its files are read meanwhile
    await sleep(1)
  }
  return {
    lines,
    /** What was logged. */
    said: () => plugin.logs.map(({ text }) => text),
    look,
    /** Waits for so many lines, and finds no more than those. */
    async reach(many: number) {
      const end = Date.now() + 60_000
      while (source.tuples.length < many && Date.now() < end && !source.failed) await look()
      t.is(source.failed, undefined)
      t.is(source.tuples.length, many, lines().join())
    },
    /** Long enough for several looks. */
    async rest() {
      for (let i = 0; i < 20; i++) await look()
    },
    /** What its rule saves after its n-th line, counted from 0. @param n by default the last one */
    async checkpoint(n = source.tuples.length - 1): Promise<Checkpoint> {
      return { ...(await source.checkpoint()), offset: source.tuples[n]?.offset }
    },
    /** @returns what its rule had saved */
    async stop(): Promise<Checkpoint> {
      const last = await this.checkpoint()
      await source.close()
      return last
    },
  }
}

test('it follows a file that comes later and grows; a line without its end waits for it', async (t) => {
  const folder = new Folder(t)
  const life = await start(t, folder)
  await life.rest()
  folder.append('app.log', 'a\nb\r\n\nc')
  await life.reach(2)
  await life.rest()
  t.deepEqual(life.lines(), ['a', 'b'])
  folder.append('app.log', 'c\nd\n')
  await life.reach(4)
  t.deepEqual(life.lines(), ['a', 'b', 'cc', 'd'])
})

test('over a rotation nothing is missed, what the writer wrote into the renamed file included', async (t) => {
  const folder = new Folder(t)
  folder.append('app.log', '1\n2\n')
  const life = await start(t, folder)
  await life.reach(2)
  folder.rename('app.log', 'app.log.1')
  folder.append('app.log.1', '3\nlast without end')
  folder.append('app.log', '4\n')
  await life.reach(5)
  t.deepEqual(life.lines(), ['1', '2', '3', 'last without end', '4'])
})

test('over several rotations while it was away it reads each file in turn', async (t) => {
  const folder = new Folder(t)
  folder.append('app.log', '1\n2\n')
  const first = await start(t, folder)
  await first.reach(2)
  const restore = await first.stop()
  folder.append('app.log', '3\n')
  folder.rename('app.log', 'app.log.3')
  folder.append('app.log', '4\n')
  folder.rename('app.log', 'app.log.2')
  folder.append('app.log', '5\n')
  folder.rename('app.log', 'app.log.1')
  folder.append('app.log', '6\n')
  folder.append('app.log.0.gz', 'packed\n')
  // more than are listed at a time
  for (let i = 0; i < 1001; i++) folder.append(`another-${i}.log`, 'other\n')
  const second = await start(t, folder, {}, restore)
  await second.reach(4)
  t.deepEqual(second.lines(), ['3', '4', '5', '6'])
})

test('a file that was truncated is read from its start, also when it has grown beyond the old place', async (t) => {
  const folder = new Folder(t)
  folder.append('app.log', 'one\ntwo\n')
  const first = await start(t, folder)
  await first.reach(2)
  folder.truncate('app.log')
  folder.append('app.log', 'x\n')
  await first.reach(3)
  const restore = await first.stop()
  folder.truncate('app.log')
  folder.append('app.log', 'other\nlines\nthan before\n')
  const second = await start(t, folder, {}, restore)
  await second.reach(3)
  t.deepEqual(
    [...first.lines(), ...second.lines()],
    ['one', 'two', 'x', 'other', 'lines', 'than before'],
  )
  t.regex(second.said()[0] ?? '', /was truncated/)
})

test('from the offset of any line it goes on with the next one', async (t) => {
  const folder = new Folder(t)
  const all = Array.from({ length: 50 }, (_, i) => `line ${i}`)
  folder.append('app.log', `${all.join('\n')}\n`)
  const whole = await start(t, folder)
  await whole.reach(50)
  for (const at of [0, 20, 48]) {
    const life = await start(t, folder, {}, await whole.checkpoint(at))
    await life.reach(49 - at)
    t.deepEqual(life.lines(), all.slice(at + 1))
  }
})

test('from the end, as text, and lines that are too long are left out', async (t) => {
  const folder = new Folder(t)
  folder.append('app.log', 'old\n')
  const life = await start(t, folder, { from: 'end', lines: 'text', maxLineBytes: 5 })
  for (let i = 0; i < 1000 && life.lines().length === 0; i++) {
    folder.append('app.log', '12345\n')
    await life.look()
  }
  folder.append('app.log', '123456\nlast\n')
  const last = '{"line":"last"}'
  for (let i = 0; i < 1000 && life.lines().at(-1) !== last; i++) await life.look()
  t.deepEqual([...new Set(life.lines())], ['{"line":"12345"}', last])
  t.regex(life.said()[0] ?? '', /a line of 6 bytes is left out/)
})

test('where the old file is gone it says so and goes on with the new one', async (t) => {
  const folder = new Folder(t)
  folder.append('app.log', '1\n')
  const life = await start(t, folder)
  await life.reach(1)
  folder.remove('app.log')
  await life.rest()
  folder.append('app.log', '2\n')
  await life.reach(2)
  t.deepEqual(life.lines(), ['1', '2'])
  t.regex(life.said()[0] ?? '', /is gone/)
})
