import { execFileSync } from 'node:child_process'
import { linkSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { Quotas } from '#host/cell/facades/files/quota.ts'
import { serveFiles } from '#test/fixtures/files-facade.ts'

const all = [0, 1e6, '']

test('files are written, read by ranges, appended to, renamed and removed', async (t) => {
  const { call, paths } = serveFiles(t)
  await call('mkdir', 'private', 'a/b')
  await call('mkdir', 'private', 'a/b')
  await call('write', 'private', 'a/b/c.txt', 'hello world')
  t.is(readFileSync(join(paths.private, 'a/b/c.txt'), 'utf8'), 'hello world')
  t.is(await call('read', 'private', 'a/b/c.txt', 6, 3, ''), 'wor')
  t.is(await call('read', 'private', 'a/b/c.txt', 100, 3, ''), '')
  await call('append', 'private', 'a/b/c.txt', '!', true)
  t.is(await call('read', 'private', 'a/b/c.txt', ...all), 'hello world!')
  await call('rename', 'private', 'a/b/c.txt', 'd.txt')
  t.is(await call('stat', 'private', 'a/b/c.txt'), undefined)
  t.like(await call('stat', 'private', 'd.txt'), { name: 'd.txt', type: 'file', bytes: 12 })
  t.like(await call('stat', 'private', 'a/b'), { name: 'b', type: 'folder', bytes: 0 })
  t.true(await call('remove', 'private', 'd.txt'))
  t.false(await call('remove', 'private', 'd.txt'))
  t.true(await call('remove', 'private', 'a/b'))
  t.is(await call('stat', 'private', 'x/y/z'), undefined)
})

test('a list comes in order and in pages', async (t) => {
  const { call, paths } = serveFiles(t)
  for (const name of ['b', 'a', 'é', 'B', 'c']) writeFileSync(join(paths.input, name), name)
  const names = async (after: string, limit: number) =>
    ((await call('list', 'input', '', after, limit)) as { name: string }[]).map(({ name }) => name)
  t.deepEqual(await names('', 1000), ['B', 'a', 'b', 'c', 'é'])
  t.deepEqual(await names('', 2), ['B', 'a'])
  t.deepEqual(await names('a', 2), ['b', 'c'])
  t.deepEqual(await names('é', 2), [])
  for (const name of ['d1', 'd2', 'd3']) linkSync(join(paths.input, 'a'), join(paths.outside, name))
  for (const name of ['d1', 'd2', 'd3'])
    linkSync(join(paths.outside, 'd1'), join(paths.input, name))
  t.deepEqual(await names('c', 2), ['é'])
})

test('a huge folder is listed page by page, and all of it', async (t) => {
  const { call, paths } = serveFiles(t)
  const many = Array.from({ length: 3000 }, (_, i) => `f${String(i).padStart(5, '0')}`)
  for (const name of many) writeFileSync(join(paths.input, name), '')
  const found: string[] = []
  for (let after = ''; ; ) {
    const page = (await call('list', 'input', '', after, 1_000_000)) as { name: string }[]
    t.true(page.length <= 1000)
    if (page.length === 0) break
    found.push(...page.map(({ name }) => name))
    after = found.at(-1) ?? ''
  }
  t.deepEqual(found, many)
})

test('a read of a file that was replaced meanwhile is told so', async (t) => {
  const { call } = serveFiles(t)
  await call('write', 'private', 'log', 'one')
  const { id } = (await call('stat', 'private', 'log')) as { id: string }
  t.is(await call('read', 'private', 'log', 0, 10, id), 'one')
  await call('append', 'private', 'log', ' two', false)
  t.is(await call('read', 'private', 'log', 0, 10, id), 'one two')
  await call('rename', 'private', 'log', 'log.1')
  t.is(await call('read', 'private', 'log.1', 0, 10, id), 'one two')
  await call('write', 'private', 'log', 'new')
  await t.throwsAsync(call('read', 'private', 'log', 0, 10, id), { code: 'ESTALE' })
})

for (const name of [
  '../outside/secret',
  'a/../../outside/secret',
  '/etc/passwd',
  './a',
  'a//b',
  'a/',
  'a\\b',
  'a\0b',
  'a\nb',
  '..',
  `${'a/'.repeat(20)}b`,
  'a'.repeat(256),
  'é'.repeat(200),
  '\ud800',
  '.plutino-1',
]) {
  test(`the name ${JSON.stringify(name).slice(0, 40)} is refused for all that can be done`, async (t) => {
    const { refused, paths } = serveFiles(t)
    writeFileSync(join(paths.outside, 'secret'), 'hidden')
    for (const [verb, ...args] of [
      ['stat'],
      ['read', ...all],
      ['list', '', 10],
      ['write', 'x'],
      ['append', 'x', false],
      ['remove'],
      ['mkdir'],
      ['rename', 'ok'],
    ] as const)
      t.regex(await refused(verb, 'output', name, ...args), /^EINVAL: .* is no name of a file/)
    t.regex(await refused('rename', 'output', 'ok', name), /^EINVAL|^ENOENT/)
    t.deepEqual(readdirSync(paths.output), [])
    t.is(readFileSync(join(paths.outside, 'secret'), 'utf8'), 'hidden')
  })
}

test('what only looks like a way out is a name like any other', async (t) => {
  const { call, refused } = serveFiles(t)
  for (const name of ['．．/x', '%2e%2e/x', '..∕x', '…/x'])
    t.regex(await refused('read', 'private', name, ...all), /^ENOENT/)
  await call('write', 'private', '．．', 'x')
  t.is(await call('read', 'private', '．．', ...all), 'x')
})

test('no link is followed, listed, replaced or removed, wherever it stands', async (t) => {
  const { call, refused, paths } = serveFiles(t)
  writeFileSync(join(paths.outside, 'secret'), 'hidden')
  symlinkSync(join(paths.outside, 'secret'), join(paths.output, 'file'))
  symlinkSync(paths.outside, join(paths.output, 'folder'))
  symlinkSync('nowhere', join(paths.output, 'dangling'))
  t.deepEqual(await call('list', 'output', '', '', 10), [])
  for (const name of ['file', 'folder/secret', 'dangling', 'folder'])
    for (const [verb, ...args] of [
      ['read', ...all],
      ['write', 'mine'],
      ['append', 'mine', false],
      ['remove'],
      ['stat'],
      ['rename', 'taken'],
    ] as const)
      t.regex(await refused(verb, 'output', name, ...args), /^(ELOOP|ENOTDIR): /, `${verb} ${name}`)
  t.regex(await refused('list', 'output', 'folder', '', 10), /^(ELOOP|ENOTDIR)/)
  t.regex(await refused('mkdir', 'output', 'folder/new'), /^(ELOOP|ENOTDIR)/)
  await call('write', 'output', 'ok', 'x')
  t.regex(await refused('rename', 'output', 'ok', 'folder/ok'), /^(ELOOP|ENOTDIR)/)
  t.regex(await refused('rename', 'output', 'ok', 'file'), /^ELOOP/)
  t.deepEqual(readdirSync(paths.outside), ['secret'])
  t.is(readFileSync(join(paths.outside, 'secret'), 'utf8'), 'hidden')
})

test('a folder that turns into a link while it is used leads nowhere', async (t) => {
  const { call, paths } = serveFiles(t)
  writeFileSync(join(paths.outside, 'secret'), 'hidden')
  const inner = join(paths.output, 'inner')
  let isOver = false
  let links = 0
  const swap = (async () => {
    while (!isOver) {
      // What is written meanwhile may keep the folder, and then there is no link this time.
      const isGone = await succeeds(rm(inner, { recursive: true, force: true }))
      if (isGone && (await succeeds(symlink(paths.outside, inner)))) links++
      await succeeds(rm(inner, { force: true }))
      await succeeds(mkdir(inner))
    }
  })()
  for (let i = 0; i < 300; i++) {
    const read = await call('read', 'output', 'inner/secret', ...all).catch(() => '')
    t.not(read, 'hidden')
    await call('append', 'output', 'inner/secret', 'mine', false).catch(() => {})
    await call('write', 'output', 'inner/new', 'mine').catch(() => {})
    await call('remove', 'output', 'inner/secret').catch(() => {})
  }
  isOver = true
  await swap
  t.true(links > 0)
  t.deepEqual(readdirSync(paths.outside), ['secret'])
  t.is(readFileSync(join(paths.outside, 'secret'), 'utf8'), 'hidden')
})

test('pipes, sockets and files with a second name are no files', async (t) => {
  const { call, refused, paths } = serveFiles(t)
  writeFileSync(join(paths.outside, 'secret'), 'hidden')
  linkSync(join(paths.outside, 'secret'), join(paths.output, 'hard'))
  execFileSync('mkfifo', [join(paths.output, 'pipe')])
  const server = createServer().listen(join(paths.output, 'socket'))
  t.teardown(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  for (const name of ['hard', 'pipe', 'socket']) {
    t.regex(await refused('read', 'output', name, ...all), /^EACCES: /)
    t.regex(await refused('append', 'output', name, 'x', false), /^EACCES: /)
    t.regex(await refused('write', 'output', name, 'x'), /^EACCES: /)
    t.regex(await refused('remove', 'output', name), /^EACCES: /)
  }
  t.deepEqual(await call('list', 'output', '', '', 10), [])
  t.is(readFileSync(join(paths.outside, 'secret'), 'utf8'), 'hidden')
})

test('what was granted for reading is not written, what was not granted is not there', async (t) => {
  const { refused, paths } = serveFiles(t)
  for (const [verb, ...args] of [
    ['write', 'x'],
    ['append', 'x', false],
    ['remove'],
    ['mkdir'],
    ['rename', 'y'],
  ] as const)
    t.regex(
      await refused(verb, 'input', 'a', ...args),
      /^ERR_PLUGIN_DENIED: .* may only read files "input"/,
    )
  t.is(await refused('read', 'other', 'a', ...all), 'ERR_PLUGIN_DENIED: denied files other')
  t.is(await refused('read', 'toString', 'a', ...all), 'ERR_PLUGIN_DENIED: denied files toString')
  t.deepEqual(readdirSync(paths.input), [])
})

test('no error names a path of the host', async (t) => {
  const { refused, paths } = serveFiles(t)
  for (const text of [
    await refused('read', 'input', 'missing', ...all),
    await refused('list', 'private', 'missing', '', 10),
    await refused('mkdir', 'output', 'a'),
    await refused('read', 'private', 'a'.repeat(255), ...all),
  ])
    t.false(text.includes(paths.private.slice(0, -8)) || text.includes('/proc/'), text)
})

test('the quota holds for one write, for many, for empty files, and for writes at the same time', async (t) => {
  const { call, refused, paths } = serveFiles(t, { quotaBytes: 10_000 })
  t.regex(
    await refused('write', 'private', 'big', 'x'.repeat(10_000)),
    /^ERR_PLUGIN_LIMIT: .* of 10000 bytes/,
  )
  t.deepEqual(readdirSync(paths.private), [])
  const tries = Array.from({ length: 60 }, (_, i) =>
    call('append', 'private', `f${i % 3}`, 'x'.repeat(1000), false).then(
      () => 1,
      () => 0,
    ),
  )
  const done = (await Promise.all(tries)).reduce((sum: number, one) => sum + one, 0)
  const used = readdirSync(paths.private).reduce(
    (sum, name) => sum + statSync(join(paths.private, name)).size,
    0,
  )
  t.is(used, done * 1000)
  t.true(used <= 10_000 - 3 * 256 && used >= 8000)
  for (const name of readdirSync(paths.private)) await call('remove', 'private', name)
  let empty = 0
  while ((await refused('write', 'private', `e${empty}`, '')) === 'it went through') empty++
  t.is(empty, Math.floor(10_000 / 256))
  for (const name of readdirSync(paths.private)) await call('remove', 'private', name)
  for (let i = 0; i < 50; i++) await call('write', 'private', 'same', 'x'.repeat(4000))
  await call('write', 'private', 'more', 'x'.repeat(4000))
})

test('all rules with a plugin share its quota, and what lies there counts', async (t) => {
  const quotas = new Quotas()
  const one = serveFiles(t, { quotaBytes: 5000, quotas })
  const other = serveFiles(t, { quotaBytes: 5000, quotas, base: join(one.paths.private, '..') })
  await one.call('write', 'private', 'a', 'x'.repeat(3000))
  t.regex(await other.refused('write', 'private', 'b', 'x'.repeat(3000)), /^ERR_PLUGIN_LIMIT/)
  const later = serveFiles(t, { quotaBytes: 5000, base: join(one.paths.private, '..') })
  t.regex(await later.refused('write', 'private', 'b', 'x'.repeat(3000)), /^ERR_PLUGIN_LIMIT/)
  await later.call('write', 'private', 'b', 'x'.repeat(1000))
})

test('two calls are served at a time, the others in order, and too many are refused', async (t) => {
  const { call, refused, facade } = serveFiles(t)
  const order: number[] = []
  await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      await call('append', 'private', 'log', `${i}\n`, false)
      order.push(i)
    }),
  )
  t.is(order.length, 40)
  const many = await Promise.all(
    Array.from({ length: 100 }, () => refused('stat', 'private', 'log')),
  )
  t.true(many.filter((text) => text.startsWith('ERR_PLUGIN_LIMIT: too many calls')).length >= 30)
  facade.close('revoked')
  t.regex(await refused('stat', 'private', 'log'), /^ECONNABORTED/)
})

test('a write over a file leaves the old one or the new one, and nothing beside it', async (t) => {
  const { call, paths, refused } = serveFiles(t)
  await call('write', 'private', 'a', 'old')
  t.regex(await refused('write', 'private', 'a', 'x'.repeat(9 * 2 ** 20)), /^ERR_PLUGIN_LIMIT/)
  t.is(await call('read', 'private', 'a', ...all), 'old')
  await call('write', 'private', 'a', 'new')
  t.deepEqual(readdirSync(paths.private), ['a'])
  writeFileSync(join(paths.private, '.plutino-left'), 'half')
  const later = serveFiles(t, { base: join(paths.private, '..') })
  await later.call('write', 'private', 'b', '')
  t.deepEqual(readdirSync(paths.private).sort(), ['a', 'b'])
})

function succeeds(done: Promise<unknown>): Promise<boolean> {
  return done.then(
    () => true,
    () => false,
  )
}
