import test from 'ava'
import { makeFolder } from '../fixtures/folder.ts'
import { makeServer } from '../fixtures/server.ts'

const sections = `
default:
  path: data/any.db
plant:
  path: data/plant.db
  lookup:
    cache: true
    cacheTtl: 10s
`

test('a lookup table has the section of its configuration that CONF_KEY names, EXTRA over it', async (t) => {
  const base = makeFolder(t, { 'etc/plutino.yaml': '', 'etc/sources/sqlite.yaml': sections })
  const { request, cell } = await makeServer(t, { base })
  const table = (name: string, options: string) => ({
    sql: `CREATE TABLE ${name} (id BIGINT, site STRING) WITH (DATASOURCE="d", TYPE="sqlite", KIND="lookup"${options})`,
  })
  await request('POST', '/streams', {
    sql: 'CREATE STREAM s (id BIGINT) WITH (DATASOURCE="s", TYPE="memory")',
  })
  const made = await request('POST', '/tables', table('plant', ', CONF_KEY="plant"'))
  t.is(made.body, 'Table plant is created.')
  await request('POST', '/tables', table('other', `, EXTRA="{\\"table\\":\\"x\\"}"`))
  const sql =
    'SELECT plant.site AS a, other.site AS b FROM s LEFT JOIN plant ON s.id = plant.id LEFT JOIN other ON s.id = other.id'
  const answer = await request('POST', '/rules', { id: 'r', sql, actions: [{ log: {} }] })
  t.is(answer.status, 201, JSON.stringify(answer.body))
  const spec = cell.spec('r')
  t.deepEqual(
    spec?.sources.map(({ type, datasource, props }) => [type, datasource, props]),
    [
      ['memory', 's', {}],
      ['sqlite', 'd', { path: 'data/plant.db', lookup: { cache: true, cacheTtl: '10s' } }],
      ['sqlite', 'd', { path: 'data/any.db', table: 'x' }],
    ],
  )
  t.deepEqual(
    spec?.plan.sources.map(({ lookup }) => lookup?.cacheTtlMs),
    [undefined, 10_000, undefined],
  )
  t.deepEqual((await request('GET', '/tables?kind=lookup')).body, ['other', 'plant'])
})

test('a lookup table of a plugin is accepted when it is installed, and refused by name when not', async (t) => {
  const { request } = await makeServer(t)
  await request('POST', '/streams', {
    sql: 'CREATE STREAM s (id BIGINT) WITH (DATASOURCE="s", TYPE="memory")',
  })
  const sql = 'CREATE TABLE p () WITH (DATASOURCE="d", TYPE="sites", KIND="lookup")'
  t.regex(String((await request('POST', '/tables', { sql })).body), /"sites" is not installed/)
  const rule = {
    id: 'r',
    sql: 'SELECT p.x AS x FROM s LEFT JOIN p ON s.id = p.id',
    actions: [{ log: {} }],
  }
  const refused = await request('POST', '/rules', rule)
  t.is(refused.status, 400)
  t.regex(JSON.stringify(refused.body), /needs the source plugin \\"sites\\"/)
})
