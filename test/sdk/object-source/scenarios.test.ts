import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folders = [
  'test/sdk/object-source/*.test.ts',
  'test/sample-plugins/objects-*.test.ts',
  'sample-plugins/objects-*/test/*.test.ts',
]

/** Scenarios of the connectors that the layer follows (J), and those that they leave out (E). */
const wanted = [
  ...Array.from({ length: 119 }, (_, i) => `J${i + 1}`),
  ...Array.from({ length: 61 }, (_, i) => `E${i + 1}`),
]
/** Numbers at the start of a title: `J1`, `J28, J29`, `J56–J58`, `E12: …`. */
function idsIn(text: string): string[] {
  return [...text.matchAll(/['"`]([JE]\d+[^:'"`]*)/g)].flatMap(([, title = '']) =>
    [...title.matchAll(/([JE])(\d+)(?:\s*–\s*[JE]?(\d+))?/g)].flatMap(
      ([, letter = '', from = '', to = from]) =>
        Array.from(
          { length: Number(to) - Number(from) + 1 },
          (_, i) => letter + (Number(from) + i),
        ),
    ),
  )
}

test('every scenario is in the title of a test', async (t) => {
  const found = new Set<string>()
  for await (const file of glob(folders, { cwd: root })) {
    for (const id of idsIn(await readFile(`${root}/${file}`, 'utf8'))) found.add(id)
  }
  t.deepEqual(
    wanted.filter((id) => !found.has(id)),
    [],
  )
})
