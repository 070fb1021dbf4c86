import type { SourceContext } from '@plutino/sdk'
import test, { type ExecutionContext } from 'ava'
import { Tail } from '../sources/tail.ts'
import { Disk } from './disk.ts'

interface Life {
  readonly lines: string[]
  /** After each line. */
  readonly offsets: unknown[]
  /** What was logged. */
  readonly said: string[]
  /** Waits for so many lines. */
  reach(many: number): Promise<void>
  /** Long enough for several looks. */
  rest(): Promise<void>
  stop(): Promise<void>
}

function start(t: ExecutionContext, disk: Disk, props: object = {}, offset?: unknown): Life {
  const tail = new Tail()
  tail.configure('app.log', { interval: 5, ...props })
  if (offset !== undefined) tail.rewind(structuredClone(offset))
  const abort = new AbortController()
  const [lines, offsets, said]: [string[], unknown[], string[]] = [[], [], []]
  const say = (text: string) => said.push(text)
  const ctx = {
    files: disk.files,
    signal: abort.signal,
    ready() {},
    logger: { info: say, warn: say },
  }
  const opened = tail.open(ctx as unknown as SourceContext, (data) => {
    lines.push(data instanceof Uint8Array ? new TextDecoder().decode(data) : JSON.stringify(data))
    offsets.push(structuredClone(tail.getOffset()))
    return undefined
  })
  const pause = () => new Promise((wake) => setTimeout(wake, 5))
  const stop = async () => {
    abort.abort()
    await opened
  }
  t.teardown(stop)
  return {
    lines,
    offsets,
    said,
    stop,
    async reach(many) {
      for (let i = 0; i < 2000 && lines.length < many; i++) await pause()
      t.is(lines.length, many, lines.join())
    },
    async rest() {
      for (let i = 0; i < 20; i++) await pause()
    },
  }
}

test('it follows a file that comes later and grows; a line without its end waits for it', async (t) => {
  const disk = new Disk()
  const life = start(t, disk)
  await life.rest()
  disk.append('app.log', 'a\nb\r\n\nc')
  await life.reach(2)
  await life.rest()
  t.deepEqual(life.lines, ['a', 'b'])
  disk.append('app.log', 'c\nd\n')
  await life.reach(4)
  t.deepEqual(life.lines, ['a', 'b', 'cc', 'd'])
})

test('over a rotation nothing is missed, what the writer wrote into the renamed file included', async (t) => {
  const disk = new Disk()
  disk.append('app.log', '1\n2\n')
  const life = start(t, disk, { interval: 50 })
  await life.reach(2)
  disk.rename('app.log', 'app.log.1')
  disk.append('app.log.1', '3\nlast without end')
  disk.append('app.log', '4\n')
  await life.reach(5)
  t.deepEqual(life.lines, ['1', '2', '3', 'last without end', '4'])
})

test('over several rotations while it was away it reads each file in turn', async (t) => {
  const disk = new Disk()
  disk.append('app.log', '1\n2\n')
  const first = start(t, disk)
  await first.reach(2)
  await first.stop()
  disk.append('app.log', '3\n')
  disk.rename('app.log', 'app.log.3')
  disk.append('app.log', '4\n')
  disk.rename('app.log', 'app.log.2')
  disk.append('app.log', '5\n')
  disk.rename('app.log', 'app.log.1')
  disk.append('app.log', '6\n')
  disk.append('app.log.0.gz', 'packed\n')
  disk.append('other.log', 'other\n')
  const second = start(t, disk, {}, first.offsets.at(-1))
  await second.reach(4)
  t.deepEqual(second.lines, ['3', '4', '5', '6'])
})

test('a file that was truncated is read from its start, also when it has grown beyond the old place', async (t) => {
  const disk = new Disk()
  disk.append('app.log', 'one\ntwo\n')
  const first = start(t, disk)
  await first.reach(2)
  disk.truncate('app.log')
  disk.append('app.log', 'x\n')
  await first.reach(3)
  await first.stop()
  disk.truncate('app.log')
  disk.append('app.log', 'other\nlines\nthan before\n')
  const second = start(t, disk, {}, first.offsets.at(-1))
  await second.reach(3)
  t.deepEqual(
    [...first.lines, ...second.lines],
    ['one', 'two', 'x', 'other', 'lines', 'than before'],
  )
  t.regex(second.said[0] ?? '', /was truncated/)
})

test('from the offset of any line it goes on with the next one', async (t) => {
  const disk = new Disk()
  const all = Array.from({ length: 50 }, (_, i) => `line ${i}`)
  disk.append('app.log', `${all.join('\n')}\n`)
  const whole = start(t, disk)
  await whole.reach(50)
  for (const at of [0, 20, 48]) {
    const life = start(t, disk, {}, whole.offsets[at])
    await life.reach(49 - at)
    t.deepEqual(life.lines, all.slice(at + 1))
  }
})

test('from the end, as text, and lines that are too long are left out', async (t) => {
  const disk = new Disk()
  disk.append('app.log', 'old\n')
  const life = start(t, disk, { from: 'end', lines: 'text', maxLineBytes: 5 })
  await life.rest()
  disk.append('app.log', '123456\n12345\n')
  await life.reach(1)
  t.deepEqual(life.lines, ['{"line":"12345"}'])
  t.regex(life.said[0] ?? '', /a line of 6 bytes is left out/)
})

test('where the old file is gone it says so and goes on with the new one', async (t) => {
  const disk = new Disk()
  disk.append('app.log', '1\n')
  const life = start(t, disk)
  await life.reach(1)
  disk.remove('app.log')
  await life.rest()
  disk.append('app.log', '2\n')
  await life.reach(2)
  t.deepEqual(life.lines, ['1', '2'])
  t.regex(life.said[0] ?? '', /is gone/)
})
