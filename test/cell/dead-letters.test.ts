import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { localCell } from '#test/fixtures/cell/cells.ts'
import { numbersRule } from '#test/fixtures/cell/rules.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { eventually } from './delivery/lane.ts'

test('a tuple that kills its worker twice is a dead letter of the rule', async (t) => {
  t.timeout(300_000)
  const folder = makeFolder(t)
  const path = join(folder, 'out')
  const dead = join(folder, 'dead')
  const { cell } = localCell()
  t.teardown(() => cell.close())
  const rule = numbersRule({
    rule: 'poisoned',
    count: 20,
    orders: { 7: 'exit' },
    sink: { path },
    options: { qos: 1 },
  })
  await cell.deploy({ ...rule, deadLetter: { type: 'lines', props: { path: dead } } })
  let letters: string[] = []
  const look = setInterval(async () => {
    letters = (await readFile(dead, 'utf8').catch(() => '')).split('\n').slice(0, -1)
  }, 50)
  await eventually(() => letters.length > 0, 'a dead letter', 60_000)
  clearInterval(look)
  t.is(letters.length, 1)
  t.like(JSON.parse(letters[0] ?? ''), {
    rule: 'poisoned',
    stream: 'numbers',
    sequence: 7,
    payload: 'exit',
    error: 'the tuple kills the worker of rule "poisoned"',
  })
})
