import test from 'ava'
import { readNote } from '#src/flow/frame-note.ts'
import { entryOf } from '#test/worker/bundle.ts'
import { framesOf, RuleThread } from '#test/worker/rule-thread.ts'

const entry = await entryOf('sandboxed')

const source = `
exports.Src = class {
  configure() { this.at = 'nowhere' }
  rewind(offset) { this.at = 'own ' + offset }
  rewindAll(offsets) { this.at = 'all of ' + offsets.map(String).join() }
  getOffset() { return this.at }
  async open(ctx, consumer) {
    if (ctx.instanceId === 0) await consumer({ at: this.at, instances: ctx.instances })
  }
  close() {}
}`

for (const [saved, concurrency, at, offset] of [
  [['a', 'b', 'c'], 2, 'all of a,b,c', ['all of a,b,c', 'all of a,b,c']],
  ['a', 2, 'all of a', ['all of a', 'all of a']],
  [['a', 'b'], 1, 'all of a,b', 'all of a,b'],
  [['a', 'b'], 2, 'own a', ['own a', 'b']],
  ['a', 1, 'own a', 'own a'],
] as const) {
  test(`offsets ${JSON.stringify(saved)} and ${concurrency} instances: each goes on from ${at}`, async (t) => {
    const rule = new RuleThread({
      entry,
      tier: 'sandboxed',
      sql: 'SELECT * FROM demo',
      stream: 'CREATE STREAM demo () WITH (DATASOURCE="d", TYPE="src", FORMAT="json")',
      plugins: [{ kind: 'source', name: 'src', text: source }],
      concurrency,
      params: { offsets: [saved] },
    })
    t.teardown(() => rule.end())
    await rule.open()
    const [call] = await rule.wait('write')
    const chunk = call?.args[2] as ArrayBuffer
    const [frame] = framesOf(chunk, 1)
    t.deepEqual(JSON.parse(frame?.payload.toString() ?? ''), { at, instances: concurrency })
    const note = readNote(Buffer.from(chunk), new DataView(chunk), frame?.at ?? 0)
    t.deepEqual(note?.offset, offset)
  })
}
