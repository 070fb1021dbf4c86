import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { makeKeys } from '#host/authoring/keys.ts'
import { packChecked } from '#host/authoring/pack-checked.ts'
import { readArchive } from '#host/plugins/archive.ts'
import { readSigner } from '#host/plugins/signature.ts'
import { startServer } from '#host/server.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { send } from '#test/fixtures/server.ts'

const project = {
  'package.json': JSON.stringify({
    name: 'acme',
    version: '1.0.0',
    plutino: { functions: { turned: 'f.js' } },
  }),
  'README.md': '# acme',
  'f.js': 'export const turned = { exec: () => 1 }',
}

async function signedZip(t: ExecutionContext) {
  const folder = makeFolder(t, project)
  const { file, signer } = await makeKeys(join(folder, 'key'))
  const packed = await packChecked(folder, { key: file })
  t.is(packed.signer, signer)
  t.is(readFileSync(`${file}.pub`, 'utf8'), `${signer}\n`)
  return { zip: packed.path, signer, folder, key: file }
}

test('a signed package says whose it is, and the same key gives the same zip', async (t) => {
  const { zip, signer, folder, key } = await signedZip(t)
  const first = readFileSync(zip)
  const files = readArchive(first)
  t.is(readSigner(files), signer)
  await packChecked(folder, { key })
  t.deepEqual(readFileSync(zip), first)
})

test('a file that was changed, added or removed breaks the signature', async (t) => {
  const { zip } = await signedZip(t)
  const files = readArchive(readFileSync(zip))
  const changes: [string, Map<string, Buffer>][] = [
    ['changed', new Map([...files, ['f.js', Buffer.from('exports.turned = {}')]])],
    ['added', new Map([...files, ['g.js', Buffer.from('')]])],
    ['removed', new Map([...files].filter(([name]) => name !== 'README.md'))],
  ]
  for (const [what, changed] of changes) {
    t.throws(() => readSigner(changed), { code: 'bad-signature', message: /does not hold/ }, what)
  }
  const forged = new Map([...files, ['SIGNATURE', Buffer.from('trust me')]])
  t.throws(() => readSigner(forged), { code: 'bad-signature', message: /SIGNATURE is none/ })
})

test('a host installs what its signers signed, and nothing else', async (t) => {
  const { zip, signer, folder } = await signedZip(t)
  const other = await makeKeys(join(folder, 'other'))
  const base = makeFolder(t, { 'etc/plutino.yaml': `plugins:\n  signers: ["${signer}"]\n` })
  const server = await startServer({
    base,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  const install = (path: string) =>
    send(`${server.url}/plugins`, 'POST', { file: pathToFileURL(path).href })
  const unsigned = join(folder, 'unsigned.zip')
  await packChecked(folder, { output: unsigned })
  t.like(await install(unsigned), { status: 403, body: { code: 'not-signed' } })
  const others = join(folder, 'others.zip')
  await packChecked(folder, { output: others, key: other.file })
  const refused = await install(others)
  t.is(refused.status, 403)
  t.true((refused.body as { message: string }).message.includes(`is signed by ${other.signer}`))
  t.is((await install(zip)).status, 201)
  const { body } = await send(`${server.url}/plugins/functions/turned`, 'GET')
  t.like(body, { name: 'turned', signer })
})

test('keys are never overwritten, and what is no key signs nothing', async (t) => {
  const folder = makeFolder(t, { ...project, key: 'mine', 'no.key': 'x' })
  await t.throwsAsync(makeKeys(join(folder, 'key')), { message: /key is there already/ })
  t.is(readFileSync(join(folder, 'key'), 'utf8'), 'mine')
  await t.throwsAsync(packChecked(folder, { key: join(folder, 'no.key') }), {
    code: 'bad-key',
    message: /no\.key is no private ed25519 key .*plutino plugin keygen/,
  })
})
