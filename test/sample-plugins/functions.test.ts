import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { SampleHost } from '#test/fixtures/sample-host.ts'
import { until } from '#test/fixtures/until.ts'

type Row = Record<string, unknown>

/** A host with the functions, and rows in a file, as stream `demo`. */
async function start(t: ExecutionContext, rows: readonly Row[]): Promise<SampleHost> {
  const host = await SampleHost.start(t)
  await host.install('functions', 'functions/echo')
  writeFileSync(
    join(host.folder, 'rows.jsonl'),
    rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
  )
  await host.send('PUT', '/metadata/sources/file/confKeys/rows', {
    path: host.folder,
    fileType: 'lines',
  })
  const sql =
    'CREATE STREAM demo (k STRING, text STRING, n BIGINT, at BIGINT) WITH (DATASOURCE="rows.jsonl", TYPE="file", CONF_KEY="rows", FORMAT="json", TIMESTAMP="at")'
  await host.send('POST', '/streams', { sql })
  return host
}

/** What a rule over all rows gives. */
async function run(host: SampleHost, id: string, sql: string, many: number): Promise<Row[]> {
  const path = join(host.folder, `${id}.jsonl`)
  await host.send('POST', '/rules', {
    id,
    sql,
    actions: [{ file: { path, sendSingle: true } }],
    options: { isEventTime: true },
  })
  const read = () =>
    existsSync(path)
      ? readFileSync(path, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line))
      : []
  return until(
    `${many} rows of ${id}`,
    () => read().length >= many && read(),
    () => host.status(id),
  )
}

const START = 1_700_000_000_000
const texts = ['a b c', 'd e', '', 'f g h i']
const rows = texts.map((text, i) => ({ k: 'xyxy'[i], text, n: i, at: START + i * 1000 }))

test('echo, countPlusOne and accumulateWordCount do in rules what their pages say', async (t) => {
  const host = await start(t, rows)
  t.deepEqual(await run(host, 'echo', 'SELECT echo(text) AS e, echo(n) AS n FROM demo', 4), [
    ...texts.map((e, n) => ({ e, n })),
  ])
  const words = 'SELECT accumulateWordCount(text, " ") AS words FROM demo'
  t.deepEqual(
    (await run(host, 'words', words, 4)).map((row) => row.words),
    [3, 5, 6, 10],
  )
  const twice =
    'SELECT accumulateWordCount(text, " ") AS a, accumulateWordCount(text, " ") AS b FROM demo'
  t.deepEqual(await run(host, 'twice', twice, 4), [
    { a: 3, b: 6 },
    { a: 8, b: 10 },
    { a: 11, b: 12 },
    { a: 16, b: 20 },
  ])
  const counts = 'SELECT k, countPlusOne(n) AS c FROM demo GROUP BY k, COUNTWINDOW(4)'
  t.deepEqual(await run(host, 'counts', counts, 2), [
    { k: 'x', c: 3 },
    { k: 'y', c: 3 },
  ])
})

test('an incremental aggregate gives in sliding and hopping windows what its rows say', async (t) => {
  const values = [5, 3, 8, 3, 9, 1, 4, 4, 7, 2]
  const host = await start(
    t,
    values.map((n, i) => ({ n, at: START + i * 1000 })),
  )
  const spread = (from: number, to: number) => {
    const inside = values.slice(Math.max(0, from), to)
    return { s: Math.max(...inside) - Math.min(...inside) }
  }
  const sliding = 'SELECT spread(n) AS s FROM demo GROUP BY SLIDINGWINDOW(ss, 3)'
  t.deepEqual(
    await run(host, 'sliding', sliding, 10),
    // a row that is exactly 3 s old is still inside
    values.map((_, i) => spread(i - 3, i + 1)),
  )
  const hopping = 'SELECT spread(n) AS s FROM demo GROUP BY HOPPINGWINDOW(ss, 4, 2)'
  t.deepEqual(
    (await run(host, 'hopping', hopping, 5)).slice(0, 5),
    [2, 4, 6, 8, 10].map((end) => spread(end - 4, end)),
  )
})
