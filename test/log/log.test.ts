import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { LogFile } from '#host/log/file.ts'
import { plainLine } from '#host/log/line.ts'
import { Log, type LogOptions } from '#host/log/log.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

function make(t: ExecutionContext, options: Partial<LogOptions> = {}) {
  const folder = makeFolder(t)
  const log = new Log({
    level: 'info',
    console: false,
    file: true,
    folder,
    rotateSize: 1_000_000,
    rotateCount: 3,
    ...options,
  })
  const messages = (name = 'stream.log') =>
    readFileSync(join(folder, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg)
  return { log, folder, messages }
}

const rule = { tenant: 'default', rule: 'r' }

test('lines of the server and of rules reach the file, from the level on', async (t) => {
  const { log, messages } = make(t)
  log.logger.debug('hidden')
  log.logger.info('shown')
  log.line({ ...rule, level: 'debug', text: 'hidden too' }, false)
  log.line({ ...rule, level: 'warn', text: 'of a rule', plugin: 'p' }, false)
  await log.close()
  t.deepEqual(messages(), ['shown', 'of a rule'])
})

test('debug lines of a rule that was asked for them are shown whatever the level', async (t) => {
  const { log, messages } = make(t, { level: 'error' })
  log.line({ ...rule, level: 'info', text: 'hidden' }, false)
  log.line({ ...rule, level: 'debug', text: 'asked for' }, true)
  await log.close()
  t.deepEqual(messages(), ['asked for'])
})

test('level and file are changed while it runs', async (t) => {
  const { log, messages } = make(t)
  log.set({ level: 'debug' })
  log.logger.debug('one')
  log.set({ file: false })
  log.logger.info('two')
  log.set({ file: true, level: 'warn' })
  log.logger.info('three')
  log.logger.warn('four')
  await log.close()
  t.deepEqual(messages(), ['one', 'four'])
})

test('the file is rotated by its size, and so many are kept; no line is lost on the way', async (t) => {
  const { log, folder, messages } = make(t, { rotateSize: 1024, rotateCount: 2 })
  const isWritten = (i: number) =>
    readdirSync(folder).some((name) =>
      readFileSync(join(folder, name), 'utf8').includes(`"${i} ${'x'.repeat(200)}"`),
    )
  for (let i = 0; i < 40; i++) {
    log.logger.info(`${i} ${'x'.repeat(200)}`)
    while (i % 4 === 3 && !isWritten(i)) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  log.logger.info('last')
  await log.close()
  t.deepEqual(readdirSync(folder).sort(), ['stream.1.log', 'stream.2.log', 'stream.log'])
  t.is(messages().at(-1), 'last')
  const numbers = ['stream.2.log', 'stream.1.log'].flatMap((name) =>
    messages(name).map((text) => Number.parseInt(text, 10)),
  )
  t.deepEqual(
    numbers,
    Array.from(numbers, (_, i) => (numbers[0] ?? 0) + i),
  )
  t.true(numbers.length >= 6)
})

test('a log that cannot be written says so once, and goes on when it can be', async (t) => {
  const folder = join(makeFolder(t), 'log')
  writeFileSync(folder, 'a file where the folder has to be')
  const failures: Error[] = []
  const file = new LogFile({
    folder,
    rotateSize: 1_000_000,
    rotateCount: 3,
    againMs: 5,
    failed: (error) => failures.push(error),
  })
  const turn = () => new Promise((resolve) => setTimeout(resolve, 10))
  const write = async (text: string) => {
    file.write(text)
    await turn()
  }
  for (let i = 0; i < 3000 && failures.length === 0; i++) await write('lost\n')
  for (let i = 0; i < 20; i++) await write('lost\n')
  t.is(failures.length, 1)
  rmSync(folder)
  const path = join(folder, 'stream.log')
  const text = () => (existsSync(path) ? readFileSync(path, 'utf8') : '')
  for (let i = 0; i < 3000 && !text().includes('kept'); i++) await write('kept\n')
  await file.close()
  t.regex(text(), /lines left out: the disk took none/)
  t.regex(text(), /\nkept\n/)
  t.is(failures.length, 1)
})

test('what is written while a file is rotated is in it when the log is closed', async (t) => {
  const { log, folder } = make(t, { rotateSize: 100, rotateCount: 50 })
  for (let i = 0; i < 20; i++) log.logger.info(`${i} ${'x'.repeat(100)}`)
  await log.close()
  const lines = readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8').trim().split('\n'),
  )
  t.is(lines.length, 20)
})

test('the console shows a line as people read it', (t) => {
  const time = Date.UTC(2026, 0, 2, 3, 4, 5)
  t.is(
    plainLine(
      JSON.stringify({ level: 40, time, rule: 'r', plugin: 'p', msg: 'broker down', attempt: 3 }),
    ),
    '03:04:05 warn  rule r: [p] broker down attempt=3\n',
  )
})
