import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { until } from '#test/fixtures/until.ts'

const ROWS = 60_000
const PER_WINDOW = 500
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

interface Group {
  k: string
  n: number
  total: number
  first: number
}

function keyOf(row: number): string {
  return KEYS[(row * 31) % KEYS.length] ?? 'a'
}

/** What the rule has to write, from the definition of a count window. */
function expectedLines(): string[] {
  const lines: string[] = []
  for (let start = 0; start < ROWS; start += PER_WINDOW) {
    const groups = new Map<string, Group>()
    for (let row = start; row < start + PER_WINDOW; row++) {
      const k = keyOf(row)
      const group = groups.get(k) ?? { k, n: 0, total: 0, first: row }
      group.n++
      group.total += row
      groups.set(k, group)
    }
    lines.push(JSON.stringify([...groups.values()]))
  }
  return lines
}

async function startRule(host: HostProcess, folder: string): Promise<void> {
  await host.send('PUT', '/metadata/sources/file/confKeys/rows', {
    path: folder,
    fileType: 'lines',
    bufferLength: 2000,
  })
  await host.send('POST', '/streams', {
    sql: 'CREATE STREAM rows (row BIGINT, k STRING) WITH (DATASOURCE="rows.jsonl", TYPE="file", FORMAT="json", CONF_KEY="rows")',
  })
  await host.send('POST', '/rules', {
    id: 'groups',
    sql: `SELECT k, count(*) AS n, sum(row) AS total, min(row) AS first FROM rows GROUP BY k, COUNTWINDOW(${PER_WINDOW})`,
    actions: [{ file: { path: join(folder, 'out.jsonl') } }],
    options: { qos: 2, checkpointInterval: '100ms' },
  })
}

function linesIn(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
}

test('a rule from file over group-by to file goes on exactly where it was after kill -9, again and again', async (t) => {
  t.timeout(300_000)
  const folder = makeFolder(t)
  const out = join(folder, 'out.jsonl')
  const rows = Array.from({ length: ROWS }, (_, row) => `{"row":${row},"k":"${keyOf(row)}"}\n`)
  writeFileSync(join(folder, 'rows.jsonl'), rows.join(''))
  let host = await HostProcess.start(folder)
  await startRule(host, folder)
  const cuts: number[] = []
  for (let kill = 1; kill <= 4; kill++) {
    await until(`line ${kill * 20} in the output`, () => linesIn(out).length >= kill * 20)
    await host.kill()
    cuts.push(linesIn(out).length)
    host = await HostProcess.start(folder)
  }
  await until('the last line in the output', () => linesIn(out).length >= ROWS / PER_WINDOW)
  t.is(await host.stop(), 0)
  t.log(`killed after ${cuts.join(', ')} of ${ROWS / PER_WINDOW} lines`)
  t.deepEqual(linesIn(out), expectedLines())
})
