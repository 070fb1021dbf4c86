import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { SetAside } from '#host/cell/rule/set-aside.ts'
import { FRAME_HEADER_BYTES } from '#src/flow/frame.ts'
import { numbersRule } from '#test/fixtures/cell/rules.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

function frame(first: number) {
  const buffer = new ArrayBuffer(FRAME_HEADER_BYTES + 100)
  new DataView(buffer).setUint32(0, 100, true)
  return { buffer, count: 1, first }
}

test('what is set aside is kept up to a bound, counted beyond it, and goes with the rule', async (t) => {
  const folder = makeFolder(t)
  const errors: string[] = []
  const logger = { debug() {}, info() {}, warn() {}, error: (text: string) => errors.push(text) }
  const setAside = new SetAside(numbersRule({ rule: 'a' }), logger, folder, 600)
  for (let first = 1; first <= 10; first++) setAside.add(0, frame(first))
  await setAside.close()
  const path = join(folder, 'set-aside/default/a.jsonl')
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  t.deepEqual(
    lines.map((line) => JSON.parse(line).sequence),
    [1, 2],
  )
  t.is(setAside.of(0), 10)
  t.is(errors.filter((text) => text.includes('is not kept there')).length, 8)
  await setAside.forget()
  t.false(existsSync(path))
})
