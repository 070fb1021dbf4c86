import test, { type ExecutionContext } from 'ava'
import { LocalCell } from '#host/cell/local-cell.ts'
import { processFolder } from '#test/fixtures/folder.ts'
import { cacheFolder, memoryEnvironment } from '../fixtures/cell/cells.ts'
import { sinks, sources } from '../fixtures/cell/connectors.ts'
import { eventually, keyOf, statusWhere } from '../fixtures/cell/rules.ts'
import { toldRule } from '../fixtures/cell/told-sink.ts'

for (const accepts of ['bytes', 'rows'] as const) {
  test.serial(
    `a plugin’s sink can be the one for dead letters, and holds up what comes behind them while it is down: ${accepts}`,
    async (t) => {
      const cell = cellOf(t)
      const letters = toldRule({ accepts })
      const told = toldRule({
        accepts,
        sink: { refused: [3, 8], deadLetter: { told: { folder: letters.folder } } },
        count: 10,
        options: { qos: 1 },
      })
      letters.setDown(true)
      await cell.deploy(told.spec)
      await eventually(
        async () => told.numbers().length,
        (taken) => taken === 2,
      )
      await cell.endWorker(keyOf('a'), 'ended by the test')
      letters.setDown(false)
      const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
      t.is(status?.message, 'done')
      t.deepEqual(told.numbers(), [1, 2, 4, 5, 6, 7, 9, 10])
      t.is(status?.metrics.sink_told_0_0_dead_letters_total, 2)
      const taken = letters.taken()
      t.deepEqual(
        taken.map(({ rows: [letter] }) => [letter?.action, letter?.sequence, letter?.payload]),
        [
          ['told_0', 3, '[{"n":3}]'],
          ['told_0', 8, '[{"n":8}]'],
        ],
      )
      t.deepEqual(
        taken.map(({ rowId }) => rowId.key),
        ['a-first-told_1-3', 'a-first-told_1-8'],
      )
    },
  )
}

test.serial(
  'a tuple that kills its worker is a dead letter in the rule’s sink, which is a plugin’s',
  async (t) => {
    const cell = cellOf(t)
    const letters = toldRule({})
    const text = `exports.deadly = { exec([n]) { if (n === 7) process.exit(1); return n } }`
    const told = toldRule({
      sql: 'SELECT deadly(n) AS n FROM demo',
      plugins: { deadly: { kind: 'function', text } },
      deadLetter: { type: 'told', props: { folder: letters.folder } },
      count: 20,
      options: { qos: 1 },
    })
    await cell.deploy(told.spec)
    await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
    t.deepEqual(new Set(told.numbers()).size, 19)
    await eventually(
      async () => letters.taken().length,
      (taken) => taken > 0,
    )
    const [{ rows: [letter] = [], rowId } = {}, ...more] = letters.taken()
    t.deepEqual(more, [])
    t.like(letter, { rule: 'a', stream: 'demo', payload: '{"n":7}' })
    t.regex(rowId?.key ?? '', /^a-first-demo-told_1-\d+$/)
  },
)

function cellOf(t: ExecutionContext): LocalCell {
  const { environment } = memoryEnvironment()
  const cell = new LocalCell({
    environment,
    connectors: { sources, sinks },
    cacheFolder,
    dataFolder: processFolder(),
  })
  t.teardown(() => cell.close())
  return cell
}
