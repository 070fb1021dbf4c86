import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { refusalOfAddress } from '#host/plugins/addresses.ts'
import { type DownloadOptions, download, downloadDefaults } from '#host/plugins/download.ts'
import { InstallError, type InstallErrorCode } from '#host/plugins/errors.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { serve } from '#test/fixtures/http.ts'
import { zipOf } from '#test/fixtures/zip.ts'

const zip = zipOf({ 'package.json': '{}' })
const quick: DownloadOptions = { ...downloadDefaults, totalMs: 5000, idleMs: 2000, retries: 0 }

async function refused(
  t: ExecutionContext,
  url: string,
  [code, message]: readonly [InstallErrorCode, string],
  options: Partial<DownloadOptions> = {},
): Promise<void> {
  const error = await t.throwsAsync(download(url, { ...quick, ...options }), {
    instanceOf: InstallError,
  })
  t.is(error?.message, message)
  t.is(error?.code, code)
}

const failed = (url: string, why: string) =>
  ['download-failed', `fail to download file ${url}: ${why}`] as const

test('a zip comes as it was sent', async (t) => {
  const url = await serve(t, (_, response) => response.end(zip))
  t.deepEqual(await download(`${url}/a.zip?token=x`, quick), zip)
})

test('an answer 404 is told', async (t) => {
  const url = `${await serve(t, (_, response) => response.writeHead(404).end())}/a.zip`
  await refused(t, url, failed(url, 'the answer was 404 Not Found'))
})

test('an address of another scheme, or without .zip, is refused', async (t) => {
  const need = 'an http, https or file address of a zip is needed'
  for (const url of ['ftp://127.0.0.1/x.zip', 'data:application/zip,x', '', 'x.zip']) {
    await refused(t, url, ['bad-url', `invalid uri ${url}: ${need}`])
  }
  const url = 'http://127.0.0.1:1/x.tar'
  await refused(t, url, ['bad-url', `invalid uri ${url}: it does not end in .zip`])
})

test('nobody listens: the reason is told', async (t) => {
  const url = 'http://127.0.0.1:1/x.zip'
  await refused(t, url, failed(url, 'connect ECONNREFUSED 127.0.0.1:1'))
})

const tooMuch = (url: string, bytes: number) =>
  [
    'too-large',
    `fail to download file ${url}: it has more than ${bytes} bytes, which is what plugins.download.maxBytes allows`,
  ] as const

test('what says that it is too large is not read', async (t) => {
  let sent = 0
  const base = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': 1e9 })
    response.write(zip)
    sent++
  })
  await refused(t, `${base}/a.zip`, tooMuch(`${base}/a.zip`, 1000), { maxBytes: 1000 })
  t.is(sent, 1)
})

test('what turns out too large is cut off', async (t) => {
  const base = await serve(t, (_, response) => {
    const timer = setInterval(() => response.write(Buffer.alloc(10_000)), 1)
    response.on('close', () => clearInterval(timer))
  })
  await refused(t, `${base}/a.zip`, tooMuch(`${base}/a.zip`, 1000), { maxBytes: 1000 })
})

test('exactly as much as is allowed is allowed', async (t) => {
  const base = await serve(t, (_, response) => response.end(zip))
  t.deepEqual(await download(`${base}/a.zip`, { ...quick, maxBytes: zip.length }), zip)
})

test('a server that never answers is given up', async (t) => {
  const url = `${await serve(t, () => {})}/a.zip`
  await refused(t, url, failed(url, 'no byte came for 60 ms'), { idleMs: 60 })
})

test('an answer that stands still is given up', async (t) => {
  const url = `${await serve(t, (_, response) => response.write('PK'))}/a.zip`
  // Long enough for the first bytes on a busy machine: they are what is told.
  await refused(t, url, failed(url, 'the answer broke off after 2 bytes'), { idleMs: 1500 })
})

test('an answer that is slow for ever is given up', async (t) => {
  const base = await serve(t, (_, response) => {
    const timer = setInterval(() => response.write('x'), 10)
    response.on('close', () => clearInterval(timer))
  })
  const why = 'it took longer than 150 ms, which plugins.download.timeout allows'
  await refused(t, `${base}/a.zip`, failed(`${base}/a.zip`, why), { totalMs: 150 })
})

test('a broken connection is told', async (t) => {
  const base = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': 1000 })
    response.write('12345', () => response.destroy())
  })
  const url = `${base}/a.zip`
  await refused(t, url, failed(url, 'the answer broke off after 5 bytes'))
})

test('what speaks no HTTP is told', async (t) => {
  const server = createServer((socket) => socket.end('220 mail.example.com ESMTP\r\n'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const url = `http://127.0.0.1:${port}/a.zip`
  await refused(t, url, failed(url, 'Parse Error: Expected HTTP/, RTSP/ or ICE/'))
})

/** `/3` leads to `/2`, `/1`, `/0`, which is the zip. */
const hops = (t: ExecutionContext) =>
  serve(t, (request, response) => {
    const left = Number.parseInt(request.url?.slice(1) ?? '0', 10)
    if (left === 0) response.end(zip)
    else response.writeHead(302, { location: `/${left - 1}.zip` }).end()
  })

test('three redirects are followed', async (t) => {
  t.deepEqual(await download(`${await hops(t)}/3.zip`, quick), zip)
})

test('four redirects are too many', async (t) => {
  const url = `${await hops(t)}/4.zip`
  await refused(t, url, failed(url, 'it redirects more than 3 times'))
})

test('a redirect to another scheme is refused', async (t) => {
  const to = (location: string) =>
    serve(t, (_, response) => response.writeHead(301, { location }).end())
  for (const location of ['file:///etc/passwd', 'ftp://127.0.0.1/a.zip', 'http://']) {
    const url = `${await to(location)}/a.zip`
    const why = `it redirects to "${location}", which is no http or https address`
    await refused(t, url, failed(url, why))
  }
})

test('a redirect to a metadata address is refused, private networks allowed or not', async (t) => {
  const target = 'http://169.254.169.254/latest/meta-data'
  const base = await serve(t, (_, response) => response.writeHead(302, { location: target }).end())
  await refused(t, `${base}/a.zip`, [
    'bad-url',
    `invalid uri ${target}: 169.254.169.254 is a link-local or metadata address, which is never allowed`,
  ])
})

const loopback = (shown: string) =>
  `${shown} is a private address; option plugins.download.privateNetworks allows those`

test('private addresses are refused where they are not allowed, however they are written', async (t) => {
  let asked = 0
  const base = await serve(t, (_, response) => {
    asked++
    response.end(zip)
  })
  const { port } = new URL(base)
  for (const [host, shown] of [
    ['127.0.0.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['0', '0.0.0.0'],
    ['[::1]', '::1'],
    ['[::ffff:127.0.0.1]', '::ffff:7f00:1'],
    ['10.0.0.1', '10.0.0.1'],
  ] as const) {
    const { href } = new URL(`http://${host}:${port}/a.zip`)
    await refused(t, href, ['bad-url', `invalid uri ${href}: ${loopback(shown)}`], {
      privateNetworks: false,
    })
  }
  t.is(asked, 0)
})

test('a name that leads to a private address is refused', async (t) => {
  const base = await serve(t, (_, response) => response.end(zip))
  const url = base.replace('127.0.0.1', 'localhost')
  const error = await t.throwsAsync(download(`${url}/a.zip`, { ...quick, privateNetworks: false }))
  t.regex(error?.message ?? '', /^invalid uri .*: (127\.0\.0\.1|::1) is a private address; option/)
})

test('addresses: what is private, what is never allowed, what is public', (t) => {
  const kinds = (address: string) =>
    [true, false].map((allowed) => refusalOfAddress(address, allowed) === undefined)
  const never = [
    '169.254.0.1',
    '::ffff:169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
    '64:ff9b::a9fe:a9fe',
    '100.100.100.200',
  ]
  const privates = [
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '127.8.8.8',
    '::1',
    '::',
    'fc00::1',
    '::ffff:a00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '224.0.0.1',
    '255.255.255.255',
  ]
  for (const address of never) t.deepEqual([address, ...kinds(address)], [address, false, false])
  for (const address of privates) t.deepEqual([address, ...kinds(address)], [address, true, false])
  for (const address of ['93.184.216.34', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8']) {
    t.deepEqual([address, ...kinds(address)], [address, true, true])
  }
})

test('an answer 503 is tried again', async (t) => {
  let asked = 0
  const base = await serve(t, (_, response) => {
    asked++
    if (asked < 3) response.writeHead(503).end()
    else response.end(zip)
  })
  t.deepEqual(await download(`${base}/a.zip`, { ...quick, retries: 2 }), zip)
  t.is(asked, 3)
})

test('an answer 503 is not tried again for ever, an answer 404 not at all', async (t) => {
  const asked: string[] = []
  const base = await serve(t, (request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(request.url === '/404.zip' ? 404 : 503).end()
  })
  const why = 'the answer was 503 Service Unavailable'
  await refused(t, `${base}/503.zip`, failed(`${base}/503.zip`, why), { retries: 1 })
  await refused(t, `${base}/404.zip`, failed(`${base}/404.zip`, 'the answer was 404 Not Found'), {
    retries: 1,
  })
  t.deepEqual(asked, ['/503.zip', '/503.zip', '/404.zip'])
})

const patient = { totalMs: 600_000, idleMs: 600_000 }

test('a caller who no longer wants it ends it at once', async (t) => {
  const base = await serve(t, () => {})
  const abort = new AbortController()
  const started = performance.now()
  const done = download(`${base}/a.zip`, { ...quick, ...patient, retries: 2 }, abort.signal)
  abort.abort()
  const error = await t.throwsAsync(done, { instanceOf: InstallError })
  t.is(error?.message, `fail to download file ${base}/a.zip: the installation was given up`)
  t.true(performance.now() - started < 60_000)
})

test('a file of this machine is read, up to the same size', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'ä b.zip')
  writeFileSync(path, zip)
  const { href } = pathToFileURL(path)
  t.deepEqual(await download(href, quick), zip)
  await refused(t, href, tooMuch(href, 10), { maxBytes: 10 })
})

test('a file that is not there, or is a folder, is told', async (t) => {
  const folder = makeFolder(t, { 'a.zip/x': '' })
  const missing = pathToFileURL(join(folder, 'b.zip')).href
  const why = `ENOENT: no such file or directory, stat '${join(folder, 'b.zip')}'`
  await refused(t, missing, failed(missing, why))
  const isFolder = pathToFileURL(join(folder, 'a.zip')).href
  await refused(t, isFolder, failed(isFolder, 'it is no plain file'))
})
