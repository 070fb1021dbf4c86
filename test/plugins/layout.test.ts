import test from 'ava'
import { InstallError, type InstallErrorCode } from '#host/plugins/errors.ts'
import { readLayout, type Wanted } from '#host/plugins/layout.ts'

const HOST = '0.1.0'
const mysql: Wanted = { kind: 'sink', name: 'mysql' }

const filesOf = (files: Readonly<Record<string, string>>) =>
  new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]))

const manifest = {
  name: 'acme-tools',
  version: '1.2.0',
  type: 'module',
  engines: { plutino: '^0.1.0' },
  plutino: {
    sources: { tail: { file: 'sources/tail.js', options: 'sources/tail.schema.json' } },
    sinks: { mysql: './sinks/mysql.js' },
    functions: { echo: 'functions/text.js#Echo', shout: 'functions/text.js' },
    permissions: { network: ['tcp://db:3306'], secrets: ['apiKey'] },
  },
}
const scripts = {
  'sources/tail.js': '',
  'sources/tail.schema.json': '{"type":"object"}',
  'sinks/mysql.js': '',
  'functions/text.js': '',
}

function packageWith(change: object, more: Readonly<Record<string, string>> = {}) {
  const text = JSON.stringify({ ...manifest, ...change })
  return filesOf({ ...scripts, ...more, 'package.json': text })
}

test('a package says what it holds', (t) => {
  const files = packageWith({}, { 'tail.yaml': 'default: {}\n', 'other.yaml': 'x: 1' })
  t.deepEqual(readLayout(files, mysql, HOST), {
    package: 'acme-tools',
    version: '1.2.0',
    extensions: [
      {
        kind: 'source',
        name: 'tail',
        file: 'sources/tail.js',
        export: 'Tail',
        options: { type: 'object' },
      },
      {
        kind: 'sink',
        name: 'mysql',
        file: 'sinks/mysql.js',
        export: 'Mysql',
        options: undefined,
      },
      {
        kind: 'function',
        name: 'echo',
        file: 'functions/text.js',
        export: 'Echo',
        options: undefined,
      },
      {
        kind: 'function',
        name: 'shout',
        file: 'functions/text.js',
        export: 'Shout',
        options: undefined,
      },
    ],
    permissions: { network: ['tcp://db:3306'], secrets: ['apiKey'] },
    yaml: { tail: 'default: {}\n' },
    hasInstallScript: false,
  })
})

const kuiper = test.macro((t, file: string, name: string, version: string) => {
  const content = readLayout(filesOf({ [file]: '' }), { kind: 'sink', name }, HOST)
  t.like(content, { package: name, version, permissions: {}, yaml: {}, hasInstallScript: false })
  const exported = name.charAt(0).toUpperCase() + name.slice(1)
  t.deepEqual(content.extensions, [{ kind: 'sink', name, file, export: exported }])
})

for (const [version, normal] of [
  ['@20200331', '20200331'],
  ['@v20200331', '20200331'],
  ['@nightly', 'nightly'],
  ['@vNext', 'Next'],
  ['@v1.9.0', '1.9.0'],
  ['@v1.10.0', '1.10.0'],
  ['@a@b', 'a@b'],
  ['', ''],
] as const) {
  test(`Mysql${version}.js is version "${normal}"`, kuiper, `Mysql${version}.js`, 'mysql', normal)
}
for (const file of ['mysql@v1.0.0.js', 'Mysql@v1.0.0.mjs', 'Mysql@v1.0.0.cjs', 'Mysql@v1.0.0.ts']) {
  test(`${file} is sink mysql`, kuiper, file, 'mysql', '1.0.0')
}

test('in Kuiper’s layout the kind is what the request says, and a source brings its yaml', (t) => {
  const files = filesOf({
    'Random@v1.js': '',
    'random.yaml': 'default: {seed: 1}',
    'install.sh': '',
  })
  const content = readLayout(files, { kind: 'source', name: 'random' }, HOST)
  t.deepEqual(content.yaml, { random: 'default: {seed: 1}' })
  t.true(content.hasInstallScript)
  t.is(content.extensions[0]?.kind, 'source')
})

test('a zip of several functions gives those that Kuiper’s body names', (t) => {
  const wanted: Wanted = { kind: 'function', name: 'geo', functions: ['near', 'hash', 'near'] }
  const content = readLayout(filesOf({ 'Geo@v1.js': '' }), wanted, HOST)
  t.deepEqual(
    content.extensions.map(({ name, export: exported }) => [name, exported]),
    [
      ['near', 'Near'],
      ['hash', 'Hash'],
    ],
  )
  t.is(content.alias, 'geo')
})

const refuses = test.macro(
  (
    t,
    files: ReadonlyMap<string, Buffer>,
    code: InstallErrorCode,
    message: string,
    wanted = mysql,
  ) => {
    const error = t.throws(() => readLayout(files, wanted as Wanted, HOST), {
      instanceOf: InstallError,
    })
    t.is(error?.message, message)
    t.is(error?.code, code)
  },
)

test(
  'a zip with neither layout is refused',
  refuses,
  filesOf({ 'readme.md': '' }),
  'no-manifest',
  'the archive has neither a package.json with a "plutino" section nor a script such as Mysql@v1.0.0.js at its root',
)
test(
  'an npm package that is no plugin is refused',
  refuses,
  filesOf({ 'package.json': '{"name":"x","version":"1.0.0"}' }),
  'no-manifest',
  'package.json has no "plutino" section: it is an npm package, but no plugin',
)
test(
  'Kuiper’s layout without the wanted name is refused with what is there',
  refuses,
  filesOf({ 'Mongo@v1.js': '', 'Redis.js': '' }),
  'not-in-package',
  'sink "mysql" is not in the archive, which has mongo, redis',
)
test(
  'a version as long as a novel is refused',
  refuses,
  filesOf({ [`Mysql@${'v'.repeat(102)}.js`]: '' }),
  'bad-manifest',
  `"Mysql@${'v'.repeat(102)}.js": a version has at most 100 characters`,
)
test(
  'a package without the wanted name is refused with a hint',
  refuses,
  packageWith({}),
  'not-in-package',
  'sink "mysq" is not in package "acme-tools", which has mysql; did you mean "mysql"?',
  { kind: 'sink', name: 'mysq' },
)
test(
  'a package without the wanted kind is refused',
  refuses,
  packageWith({ plutino: { sinks: { mysql: 'sinks/mysql.js' } } }),
  'not-in-package',
  'source "mysql" is not in package "acme-tools", which has no source',
  { kind: 'source', name: 'mysql' },
)
test(
  'a function that is not in the package is refused',
  refuses,
  packageWith({}),
  'not-in-package',
  'function "ehco" is not in package "acme-tools", which has echo, shout; did you mean "echo"?',
  { kind: 'function', name: 'echo', functions: ['echo', 'ehco'] },
)

const raw = (text: string) => filesOf({ ...scripts, 'package.json': text })
test(
  'a manifest that is no JSON is refused',
  refuses,
  raw('name: x'),
  'bad-manifest',
  'package.json is not JSON: Unexpected token \'a\', "name: x" is not valid JSON',
)
test(
  'a manifest that is a list is refused',
  refuses,
  raw('[]'),
  'bad-manifest',
  'package.json is not an object',
)
test(
  'a manifest of a megabyte is refused',
  refuses,
  raw(JSON.stringify({ ...manifest, description: 'x'.repeat(1 << 20) })),
  'bad-manifest',
  `package.json has ${JSON.stringify({ ...manifest, description: '' }).length + (1 << 20)} bytes; 262144 are allowed`,
)
test(
  'a manifest nested 100,000 deep is refused',
  refuses,
  raw(`{"plutino":${'['.repeat(1e5)}${']'.repeat(1e5)}}`),
  'bad-manifest',
  'package.json must have required properties name, version',
)
test(
  'a manifest with __proto__ is refused',
  refuses,
  raw('{"__proto__":{"x":1},"plutino":{}}'),
  'bad-manifest',
  'package.json has a key "__proto__" or "constructor"',
)
test(
  'a name that is a path is refused',
  refuses,
  packageWith({ name: '../../evil' }),
  'bad-manifest',
  'package.json name: it is no name that npm allows, such as acme-tools',
)
test(
  'a name that is no text is refused',
  refuses,
  packageWith({ name: 7 }),
  'bad-manifest',
  'package.json name: it is no name that npm allows, such as acme-tools',
)
test(
  'a version that is no semver is refused',
  refuses,
  packageWith({ version: '../1' }),
  'bad-manifest',
  'package.json version: "../1" is no semver version such as 1.2.0',
)
test(
  'a missing version is refused',
  refuses,
  packageWith({ version: undefined }),
  'bad-manifest',
  'package.json must have required properties version',
)
test(
  'a package without anything in it is refused',
  refuses,
  packageWith({ plutino: {} }),
  'bad-manifest',
  'package "acme-tools" has no sources, sinks or functions in its "plutino" section',
)
test(
  'a package for a newer host is refused',
  refuses,
  packageWith({ engines: { plutino: '^2.0.0' } }),
  'newer-host-needed',
  'package "acme-tools" 1.2.0 needs plutino ^2.0.0; this host is 0.1.0',
)
test(
  'a range of hosts that is none is refused',
  refuses,
  packageWith({ engines: { plutino: 'new' } }),
  'bad-manifest',
  'package.json engines.plutino: "new" is no semver range such as ^0.1.0',
)

const withSink = (entry: unknown, name = 'mysql') =>
  packageWith({ plutino: { sinks: { [name]: entry } } })
test(
  'an entry of another shape is refused',
  refuses,
  withSink(7),
  'bad-manifest',
  'package.json plutino.sinks.mysql: must be a file, "file#Export" or an object with "file"',
)
test(
  'an entry outside the package is refused',
  refuses,
  withSink('../../etc/passwd'),
  'bad-manifest',
  'sink "mysql": file "../../etc/passwd" is outside the package',
)
test(
  'an absolute entry is refused',
  refuses,
  withSink('/etc/passwd'),
  'bad-manifest',
  'sink "mysql": file "/etc/passwd" is outside the package',
)
test(
  'an entry that is a URL is refused',
  refuses,
  withSink('https://127.0.0.1/x.js'),
  'bad-manifest',
  'sink "mysql": file "https://127.0.0.1/x.js" is outside the package',
)
test(
  'an entry that is not there is refused with a hint',
  refuses,
  withSink('sinks/mysq.js'),
  'bad-manifest',
  'sink "mysql": file "sinks/mysq.js" is not in the package; did you mean "sinks/mysql.js"?',
)
test(
  'an entry that is no script is refused',
  refuses,
  withSink('sources/tail.schema.json'),
  'bad-manifest',
  'sink "mysql": file "sources/tail.schema.json" is no .js, .mjs, .cjs or .ts script',
)
test(
  'a schema that is not there is refused',
  refuses,
  withSink({ file: 'sinks/mysql.js', options: 'x.json' }),
  'bad-manifest',
  'sink "mysql": schema "x.json" is not in the package',
)
test(
  'a schema that is no object is refused',
  refuses,
  packageWith(
    { plutino: { sinks: { mysql: { file: 'sinks/mysql.js', options: 's.json' } } } },
    { 's.json': '7' },
  ),
  'bad-manifest',
  'sink "mysql": schema "s.json" is no JSON object',
)
test(
  'a name with a space is refused',
  refuses,
  withSink('sinks/mysql.js', 'my sql'),
  'bad-manifest',
  'sink "my sql": a name has only letters, digits, "_" and "-"',
)
test(
  'a name from Object.prototype is refused',
  refuses,
  packageWith({ plutino: { sinks: { constructor: 'sinks/mysql.js' } } }),
  'bad-manifest',
  'sink "constructor": a name has only letters, digits, "_" and "-"',
)
