import test from 'ava'
import { PluginLog } from '#src/sandbox/plugin-log.ts'

function logOf(options = { debug: false }) {
  const lines: string[] = []
  const clock = { ms: 0 }
  const log = new PluginLog(
    (level, text) => lines.push(`${level} ${text}`),
    () => clock.ms,
    options,
  )
  return { log, lines, clock }
}

test('texts, values and errors make one line', (t) => {
  const { log, lines } = logOf()
  log.write('info', ['a', 1, { b: [2n] }, new TypeError('no'), null, undefined, () => {}])
  t.deepEqual(lines, ['info a 1 {"b":["2n"]} TypeError: no null undefined [function]'])
})

test('a line has 2000 characters at most, all printable', (t) => {
  const { log, lines } = logOf()
  log.write('warn', ['x'.repeat(1e6)])
  log.write('warn', ['a\r\nERROR forged \x1b[31m'])
  t.is(lines[0]?.length, 'warn '.length + 2000)
  t.is(lines[1], 'warn a ERROR forged ?[31m')
})

test('200 lines a second pass, the rest is counted and said with the next one', (t) => {
  const { log, lines, clock } = logOf()
  for (let i = 0; i < 250; i++) log.write('info', [String(i)])
  t.is(lines.length, 200)
  clock.ms = 100
  log.write('info', ['again'])
  t.deepEqual(lines.slice(200), ['warn 50 lines dropped: more than 200 a second', 'info again'])
})

test('of a flood that goes on, what is dropped is said once a second', (t) => {
  const { log, lines, clock } = logOf()
  for (clock.ms = 0; clock.ms < 5000; clock.ms++) {
    for (let i = 0; i < 10; i++) log.write('info', ['x'])
  }
  const said = lines.filter((line) => line.startsWith('warn'))
  t.is(said.length, 5)
  const dropped = said.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)
  t.true(dropped > 38_000 && dropped < 50_000, `${dropped}`)
})

test('debug lines are for rules with debug', (t) => {
  const silent = logOf()
  silent.log.write('debug', ['x'])
  t.deepEqual(silent.lines, [])
  const loud = logOf({ debug: true })
  loud.log.write('debug', ['x'])
  t.deepEqual(loud.lines, ['debug x'])
})

test('what cannot be read is said so', (t) => {
  const { log, lines } = logOf()
  log.write('info', [
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no')
        },
      },
    ),
  ])
  t.deepEqual(lines, ['info [unprintable]'])
})
