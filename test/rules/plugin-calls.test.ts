import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { zipOf } from '#test/fixtures/zip.ts'

const script = `
  const one = (name) => (args) => {
    if (args.length !== 1) throw new Error(name + ' takes one argument, not ' + args.length)
    if (args[0].type === 'bigint') throw new Error(name + ' takes no ' + JSON.stringify(args[0]))
  }
  exports.Greet = { validate: one('greet'), exec: ([name]) => 'Hello ' + name }
  exports.Longest = { validate: one('longest'), isAggregate: () => true, exec: ([all]) => all.length }
  exports.Loops = { validate() { for (;;); }, exec: () => 1 }
  exports.Free = { exec: () => 1 }`

const plutino = {
  functions: { greet: 'i.js', longest: 'i.js', loops: 'i.js', free: 'i.js' },
}

async function start(t: ExecutionContext, tier = 'sandboxed') {
  const folder = makeFolder(t)
  const host = await HostProcess.start(folder, { PLUTINO__PLUGINS__TRUSTED: 'allow' })
  t.teardown(() => host.kill())
  const path = join(folder, 'greetings.zip')
  const manifest = JSON.stringify({ name: 'greetings', version: '1.0.0', plutino })
  writeFileSync(path, zipOf({ 'package.json': manifest, 'i.js': script }))
  await host.send('POST', '/plugins', { file: pathToFileURL(path).href, tier })
  const sql = 'CREATE STREAM s (name STRING, n BIGINT) WITH (TYPE="memory", DATASOURCE="in")'
  await host.send('POST', '/streams', { sql })
  const rule = (what: string, more = 's', options = {}) => ({
    id: 'r',
    sql: `SELECT ${what} AS text FROM ${more}`,
    actions: [{ nop: {} }],
    options,
  })
  return { host, rule }
}

test.serial('a wrong call of a function of a plugin is refused, and no rule is left', async (t) => {
  t.timeout(300_000)
  const { host, rule } = await start(t)
  const refused = async (body: object, why: RegExp) => {
    const validated = host.send('POST', '/rules/validate', body)
    const { message } = await t.throwsAsync(validated, { message: /^POST \/rules\/validate: 422 / })
    t.regex(message, why)
    t.regex((await t.throwsAsync(host.send('POST', '/rules', body))).message, /: 400 .*bad-rule/)
    await t.throwsAsync(host.send('GET', '/rules/r'), { message: /404/ })
  }
  const title = 'function \\\\"greet\\\\" of plugin greetings@1.0.0: greet'
  await refused(rule('greet()'), new RegExp(`${title} takes one argument, not 0`))
  await refused(rule('greet(n)'), new RegExp(`${title} takes no .*column.*n`))
  await refused(rule('upper(greet(greet(1, 2)))'), /greet takes one argument, not 2/)
  await refused(rule('n', 's WHERE greet(name, 1) = "x"'), /greet takes one argument, not 2/)
  await refused(rule('greet(name)', 's WHERE greet() = "x"'), /greet takes one argument, not 0/)
  await refused(rule('longest(n)', 's GROUP BY COUNTWINDOW(2)'), /longest takes no .*bigint/)
  await refused(
    rule('n', 's GROUP BY n, COUNTWINDOW(2) HAVING longest(name, n) > 1'),
    /longest takes one argument, not 2/,
  )
  await refused({ ...rule('greet()'), triggered: false }, /greet takes one argument, not 0/)
  t.deepEqual(await host.send('POST', '/rules/validate', rule('greet(name), free(1, 2, 3)')), {
    valid: true,
    sources: ['s'],
  })
})

test.serial('a rule runs on as it was when its change calls a function wrongly', async (t) => {
  t.timeout(300_000)
  const { host, rule } = await start(t)
  t.is(await host.send('POST', '/rules', rule('greet(name)')), 'Rule r was created successfully.')
  const { lastStartTimestamp } = (await host.send('GET', '/rules/r/status')) as {
    lastStartTimestamp: number
  }
  await t.throwsAsync(host.send('PUT', '/rules/r', rule('greet()')), { message: /not 0/ })
  t.like(await host.send('GET', '/rules/r/status'), { status: 'running', lastStartTimestamp })
  t.like(await host.send('GET', '/rules/r'), { sql: 'SELECT greet(name) AS text FROM s' })
})

test.serial('a validate that does not end is ended, and refuses the rule', async (t) => {
  t.timeout(300_000)
  const { host, rule } = await start(t)
  await t.throwsAsync(host.send('POST', '/rules', rule('loops(1)')), {
    message: /400 .*validate of function .*loops.* of plugin greetings@1\.0\.0 did not end within/,
  })
  await host.send('POST', '/rules', rule('free()'))
  t.like(await host.send('GET', '/rules/r/status'), { status: 'running' })
})

test.serial('functions of a trusted plugin are asked, too', async (t) => {
  t.timeout(300_000)
  const { host, rule } = await start(t, 'trusted')
  await t.throwsAsync(host.send('POST', '/rules/validate', rule('greet()')), {
    message: /422 .*greet takes one argument, not 0/,
  })
  t.like(await host.send('POST', '/rules/validate', rule('greet(name)')), { valid: true })
})
