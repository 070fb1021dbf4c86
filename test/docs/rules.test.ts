import { readFileSync } from 'node:fs'
import test from 'ava'
import { startServer } from '#host/server.ts'
import { RuleError } from '#src/plan/errors.ts'
import { readRuleOptions } from '#src/plan/rule-options.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { codeIn, patternOf, readPage, runBlock, tableRows } from './page.ts'

const page = readPage('rules.md')
const code = readFileSync(new URL('../../src/plan/rule-options.ts', import.meta.url), 'utf8')
const schedules = ['cron', 'cronDatetimeRange']
const options = [...code.matchAll(/bag\.(?:\w+)\('(\w+)'/g), ...schedules.map((name) => ['', name])]
const names = [...new Set(options.map(([, name = '']) => name))]

/** The rows of the table of options. */
const [, section = ''] = /\n## Options\n([\s\S]*?)\n## /.exec(page.text) ?? []
const rows = tableRows({ text: section, blocks: [] })

test('the page has every option of a rule', (t) => {
  t.true(names.length >= 30, names.join())
  for (const name of names) t.true(section.includes(`\`${name}\``), name)
})

test('every default on the page is the one that an option has where it is not given', (t) => {
  let compared = 0
  for (const [named = '', written = ''] of rows) {
    const [name = ''] = codeIn(named)
    const [value] = codeIn(written)
    if (value === undefined || name === 'timezone') continue
    t.deepEqual(readRuleOptions({ [name]: JSON.parse(value) }), readRuleOptions({}), name)
    compared++
  }
  t.true(compared >= 19)
})

test('nothing on the page is an option that there is none of', (t) => {
  for (const [named = ''] of rows.slice(1)) {
    for (const name of codeIn(named)) t.true(names.includes(name), name)
  }
})

test('options that the page shows as JSON are taken', (t) => {
  const shown = page.blocks.filter(({ info }) => info === 'options')
  t.is(shown.length, 3)
  for (const { text } of shown) t.notThrows(() => readRuleOptions(JSON.parse(text)), text)
  t.throws(() => readRuleOptions({ qoss: 1 }), { instanceOf: RuleError })
})

test('options marked with a star are in etc/plutino.yaml, and those alone', (t) => {
  const yaml = readFileSync(new URL('../../etc/plutino.yaml', import.meta.url), 'utf8')
  const [, rule = ''] = /\nrule:\n([\s\S]*?)\n\n/.exec(yaml) ?? []
  const inYaml = [...rule.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name)
  const starred = rows.filter(([, written = '']) => written.endsWith('*'))
  t.deepEqual(starred.flatMap(([named = '']) => codeIn(named)).sort(), inYaml.sort())
})

test('the rule of the page can be made, and its commands do what the page says', async (t) => {
  t.timeout(240_000)
  const folder = makeFolder(t, { 'etc/plutino.yaml': '' })
  const server = await startServer({
    base: folder,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  const send = async (method: string, path: string, body: string) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(server.url + path, { method, headers, body })
    return { status: answer.status, said: await answer.text() }
  }
  const sql = 'CREATE STREAM demo () WITH (TYPE="memory", DATASOURCE="demo")'
  t.is((await send('POST', '/streams', JSON.stringify({ sql }))).status, 201)
  const [rule] = page.blocks.filter(({ info }) => info === 'rule')
  const { status, said } = await send('POST', '/rules?wait=60s', rule?.text ?? '')
  t.is(status, 201, said)
  t.like(JSON.parse(said), { id: 'alarm', status: 'running', message: '', done: true })
  t.is((await send('DELETE', '/rules/alarm', '')).status, 200)
  const drop = JSON.stringify({ sql: 'DROP STREAM demo' })
  t.true((await send('POST', '/streams', drop)).status < 300)
  const commands = page.blocks.filter(({ language }) => language === 'sh')
  t.is(commands.length, 3)
  for (const { text, expected = '' } of commands) {
    const ended = await runBlock(text, { url: server.url, folder })
    t.is(ended.code, 0, ended.said)
    t.regex(ended.said, patternOf(expected))
  }
})

test('every route and every verb in the table of commands is one of the server', async (t) => {
  const folder = makeFolder(t, { 'etc/plutino.yaml': '' })
  const overrides = { port: 0, consoleLog: false }
  const server = await startServer({ base: folder, environment: {}, overrides })
  t.teardown(() => server.close())
  const answer = await fetch(`${server.url}/docs/json`)
  const { paths } = (await answer.json()) as { paths: Record<string, object> }
  const commands = tableRows(page).filter(([, rest = '']) => /`\w+ \/rules/.test(rest))
  t.true(commands.length >= 14)
  for (const [verbs = '', routes = ''] of commands) {
    for (const route of codeIn(routes)) {
      const [, method, path = ''] = /^(\w+) (\/rules\S*)$/.exec(route) ?? []
      if (method === undefined) continue
      const known = paths[path.replace('/ID', '/{id}')] ?? {}
      t.true(Object.hasOwn(known, method.toLowerCase()), route)
    }
    for (const verb of codeIn(verbs).filter((text) => text.startsWith('plutino '))) {
      const words = verb.replace(/ [A-Z]+/g, '')
      const ended = await runBlock(`${words} --help`, { url: server.url, folder })
      t.is(ended.code, 0, verb)
      t.true(ended.said.startsWith(`Usage: ${words}`), ended.said)
    }
  }
})
