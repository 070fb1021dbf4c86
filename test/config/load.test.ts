import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { defaultOptions, type Environment, loadOptions } from '#host/config/load.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

function load(t: ExecutionContext, yaml: string, environment: Environment = {}) {
  const folder = makeFolder(t, { 'plutino.yaml': yaml })
  return loadOptions(join(folder, 'plutino.yaml'), environment)
}

async function refusal(t: ExecutionContext, yaml: string, environment: Environment = {}) {
  const error = await t.throwsAsync(load(t, yaml, environment), { code: 'bad-config' })
  return error?.message.replace(/^\S*\/(?=plutino\.yaml)/, '')
}

test('etc/plutino.yaml holds every option at its default', async (t) => {
  const { options, warnings } = await loadOptions('etc/plutino.yaml', {})
  t.deepEqual(options, defaultOptions())
  t.deepEqual(warnings, [])
})

test('etc/plutino.yaml names every option', async (t) => {
  const { readYaml } = await import('#host/config/yaml.ts')
  const file = await readYaml('etc/plutino.yaml')
  t.deepEqual(paths(file?.data), paths(defaultOptions()))
})

function paths(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path]
  return Object.entries(value).flatMap(([key, inner]) => paths(inner, `${path}.${key}`))
}

test('what the file does not say is at its default, and durations come out in ms', async (t) => {
  const { options } = await load(t, 'basic:\n  gracefulShutdownTimeout: 1m30s\nrule:\n  qos: 1\n')
  t.is(options.basic.gracefulShutdownTimeout, 90_000)
  t.is(options.rule.qos, 1)
  t.is(options.basic.restPort, 9081)
})

test('a missing or empty file is no error', async (t) => {
  t.deepEqual((await load(t, '# nothing yet\n')).options, defaultOptions())
  t.deepEqual((await loadOptions('/no/such/plutino.yaml', {})).options, defaultOptions())
})

test('the environment wins over the file, ours over that of Kuiper, each value typed', async (t) => {
  const { options } = await load(t, 'basic:\n  restPort: 1\n', {
    KUIPER__BASIC__RESTPORT: '2',
    PLUTINO__BASIC__RESTPORT: '3',
    KUIPER__BASIC__DEBUG: 'true',
    PLUTINO__REST__ALLOWEDORIGINS: '[https://a.example, https://b.example]',
    PLUTINO__FOLDERS__DATA: 'x=y=z',
    PLUTINO__RULE__CHECKPOINTINTERVAL: '5s',
  })
  t.is(options.basic.restPort, 3)
  t.true(options.basic.debug)
  t.deepEqual(options.rest.allowedOrigins, ['https://a.example', 'https://b.example'])
  t.is(options.folders.data, 'x=y=z')
  t.is(options.rule.checkpointInterval, 5000)
})

test('a variable of Kuiper that means nothing here is a warning', async (t) => {
  const { warnings } = await load(t, '', { KUIPER__BASIC__PROMETHEUSPORT: '1' })
  t.is(warnings.length, 1)
  t.true(
    warnings[0]?.startsWith('environment variable KUIPER__BASIC__PROMETHEUSPORT: no such option'),
  )
})

test('an unknown option is refused with its line and the one that was meant', async (t) => {
  t.is(
    await refusal(t, '# first\nbasic:\n  logLevel: info\n  restPrt: 9082\n'),
    'plutino.yaml, line 4: unknown option "basic.restPrt"; did you mean "restPort"?',
  )
  t.is(
    await refusal(t, 'zzzzzz: 1\n'),
    'plutino.yaml, line 1: unknown option "zzzzzz"; known are basic, rest, folders, rule, sink, source, plugins',
  )
  t.is(
    await refusal(t, 'toString: 1\n'),
    'plutino.yaml, line 1: unknown option "toString"; known are basic, rest, folders, rule, sink, source, plugins',
  )
})

test('a value of the wrong type is refused with what it must be', async (t) => {
  const cases: [string, string][] = [
    [
      'basic:\n  restPort: many\n',
      'line 2: "basic.restPort" must be a whole number from 0 to 65535, not "many"',
    ],
    [
      'basic:\n  restPort: 70000\n',
      'line 2: "basic.restPort" must be a whole number from 0 to 65535, not 70000',
    ],
    ['basic:\n  debug: "yes"\n', 'line 2: "basic.debug" must be true or false, not "yes"'],
    [
      'basic:\n  logLevel: loud\n',
      'line 2: "basic.logLevel" must be one of debug, info, warn, error, not "loud"',
    ],
    [
      'rule:\n  checkpointInterval: soon\n',
      'line 2: "rule.checkpointInterval" must be a duration such as "10s", or ms, not "soon"',
    ],
    ['basic: 3\n', 'line 1: "basic" must hold options below it'],
    ['basic:\n  restIp: ""\n', 'line 2: "basic.restIp" must be a text, not ""'],
  ]
  for (const [yaml, message] of cases) t.is(await refusal(t, yaml), `plutino.yaml, ${message}`)
})

test('broken yaml is refused with its line', async (t) => {
  t.is(await refusal(t, 'basic:\n  debug: [1,\n'), 'plutino.yaml, line 3: deficient indentation')
  t.is(await refusal(t, '- a\n'), 'plutino.yaml must hold options such as "name: value"')
})

test('a wrong variable of ours is refused with the one that was meant', async (t) => {
  t.is(
    await refusal(t, '', { PLUTINO__BASIC__RESTPRT: '1' }),
    'environment variable PLUTINO__BASIC__RESTPRT: no such option; did you mean "PLUTINO__BASIC__RESTPORT"?',
  )
  t.is(
    await refusal(t, '', { PLUTINO__BASIC__RESTPORT: 'x' }),
    'environment variable PLUTINO__BASIC__RESTPORT must be a whole number from 0 to 65535, not "x"',
  )
})
