import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import { type Finished, start } from '#test/fixtures/command.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { SmallDisk } from '#test/fixtures/small-disk.ts'
import { dataFolder, type Product, startProduct } from './product.ts'

/** A server that is expected to end by itself. */
function attempt(t: ExecutionContext, cwd: string, args: readonly string[]): Promise<Finished> {
  const running = start('host/main.ts', ['--port', '0', ...args], { cwd })
  t.teardown(() => running.child.kill('SIGKILL'))
  return running.finished
}

function refusal(message: string): Finished {
  return { code: 1, stdout: '', stderr: `plutino: ${message}\n` }
}

/** Nothing that a user made is missing, and it works. */
async function isWhole(t: ExecutionContext, { request, goesOn }: Product): Promise<void> {
  t.deepEqual((await request('GET', '/streams')).body, ['healthy'])
  t.like((await request('GET', '/rules/healthy')).body, { id: 'healthy' })
  await goesOn()
}

test('a folder that is in use, a port that is in use: one line, and the server that has it goes on', async (t) => {
  t.timeout(300_000)
  const product = await startProduct(t)
  const { folder, host } = product
  const data = dataFolder(product)
  const pid = readFileSync(join(data, 'plutino.pid'), 'utf8').trim()
  t.deepEqual(
    await attempt(t, folder, ['--data', data]),
    refusal(
      `data folder ${data} is in use by another process (${pid}); stop it, or give another folder with --data`,
    ),
  )
  const { port } = new URL(host.url)
  t.deepEqual(
    await attempt(t, folder, ['--data', join(folder, 'other'), '--port', port]),
    refusal(
      `address 127.0.0.1:${port} is in use; stop what listens there, or give another port with --port`,
    ),
  )
  await isWhole(t, product)
})

test('a folder of a newer version is refused, not touched, and opens again as it was', async (t) => {
  t.timeout(300_000)
  const product = await startProduct(t)
  const data = dataFolder(product)
  t.is(await product.host.stop(), 0)
  const setVersion = (version: number) => {
    const db = new DatabaseSync(join(data, 'catalog.db'))
    const before = Number(db.prepare('PRAGMA user_version').get()?.user_version)
    db.exec(`PRAGMA user_version = ${version}`)
    db.close()
    return before
  }
  const ours = setVersion(99)
  const before = readFileSync(join(data, 'catalog.db'))
  t.deepEqual(
    await attempt(t, product.folder, ['--data', data]),
    refusal(
      `data folder ${data} was written by a newer version (catalog 99, this one knows ${ours}); ` +
        'start that version, or give another folder with --data',
    ),
  )
  t.deepEqual(readFileSync(join(data, 'catalog.db')), before)
  setVersion(ours)
  await product.again()
  await isWhole(t, product)
})

test('a data folder that cannot be written is refused with why and the way out', async (t) => {
  const folder = makeFolder(t, { file: 'not a folder' })
  const below = join(folder, 'file', 'data')
  t.deepEqual(
    await attempt(t, folder, ['--data', below]),
    refusal(
      `data folder ${below} cannot be written (ENOTDIR: not a directory, mkdir '${below}'); make it writable, or give another one with --data`,
    ),
  )
  const file = join(folder, 'file')
  const { code, stderr } = await attempt(t, folder, ['--data', file])
  t.is(code, 1)
  t.regex(
    stderr,
    /^plutino: data folder \S+\/file cannot be written \(.*\); make it writable, or give another one with --data\n$/,
  )
  t.is(readFileSync(file, 'utf8'), 'not a folder')
})

test('a yaml that is broken is refused with its line, whatever is wrong in it', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['basic: [\n', 'line 2: deficient indentation'],
    ['basic:\n  restPrt: 1\n', 'line 2: unknown option "basic.restPrt"; did you mean "restPort"?'],
    [
      'basic:\n  restPort: many\n',
      'line 2: "basic.restPort" must be a whole number from 0 to 65535, not "many"',
    ],
    ['"\n', 'line 2: unexpected end of the stream within a double quoted scalar'],
  ]
  for (const [yaml, message] of cases) {
    const folder = makeFolder(t, { 'etc/plutino.yaml': yaml })
    const said = await attempt(t, folder, [])
    const stderr = said.stderr.replace(`${folder}/`, '')
    t.deepEqual({ ...said, stderr }, refusal(`etc/plutino.yaml, ${message}`))
  }
})

/** The disk is full: changes are refused in one sentence, rules run on, and with space again all goes on. */
test('a disk that is full refuses changes in one sentence, loses nothing, and serves again when there is room', async (t) => {
  t.timeout(300_000)
  const disk = SmallDisk.mount(join(makeFolder(t), 'disk'), 3 << 20)
  if (disk === undefined) {
    t.log('skipped: mounting a small tmpfs needs root')
    return t.pass()
  }
  t.teardown(() => disk.unmount())
  const host = await HostProcess.start(disk.folder)
  t.teardown(() => host.kill())
  const make = (name: string) =>
    fetch(`${host.url}/streams`, {
      method: 'POST',
      body: JSON.stringify({
        sql: `CREATE STREAM ${name} () WITH (TYPE="simulator", DATASOURCE="${'x'.repeat(30_000)}")`,
      }),
    })
  t.is((await make('first')).status, 201)
  await disk.fill()
  let answer = await make('more0')
  let made = 1
  for (; answer.status === 201 && made < 100; made++) answer = await make(`more${made}`)
  t.is(answer.status, 507)
  t.deepEqual(await answer.json(), {
    error: 1003,
    message: `data folder ${join(disk.folder, 'data')}: the disk is full; free some space`,
    code: 'folder-full',
  })
  const names = (await host.send('GET', '/streams')) as string[]
  t.is(names.length, made)
  disk.free()
  t.is((await make('again')).status, 201)
  t.is(await host.stop(), 0)
  const next = await HostProcess.start(disk.folder)
  t.teardown(() => next.kill())
  t.deepEqual(await next.send('GET', '/streams'), ['again', ...names].sort())
})
