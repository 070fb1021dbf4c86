import { readdirSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { readVersion } from '#host/version.ts'
import { serve } from '#test/fixtures/http.ts'
import { zipOf } from '#test/fixtures/zip.ts'
import { dataFolder, type Product, startProduct } from './product.ts'

const MAX_BYTES = 2_000_000
const script = 'exports.echo = { validate() {}, exec: (a) => a, isAggregate: () => false }'
const good = zipOf({ 'echo.js': script })

function packageOf(extra: Readonly<Record<string, unknown>>): Buffer {
  const json = {
    name: 'echoes',
    version: '1.0.0',
    plutino: { functions: { echo: 'index.js#echo' } },
    ...extra,
  }
  return zipOf({ 'package.json': JSON.stringify(json), 'index.js': script })
}

const zips: Readonly<Record<string, Buffer>> = {
  '/good.zip': good,
  '/package.zip': packageOf({}),
  '/text.zip': Buffer.from('<html>not found</html>'),
  '/half.zip': good.subarray(0, good.length >> 1),
  '/big.zip': Buffer.alloc(MAX_BYTES + 1),
  '/neither.zip': zipOf({ 'readme.md': 'x' }),
  '/broken.zip': zipOf({ 'package.json': '{', 'index.js': '' }),
  '/wrong.zip': packageOf({ plutino: { functions: ['echo'] } }),
  '/newer.zip': packageOf({ engines: { plutino: '>=99' } }),
}

const redirects: Readonly<Record<string, string>> = {
  '/to-file.zip': 'file:///etc/passwd',
  '/to-metadata.zip': 'http://169.254.169.254/x.zip',
  '/in-circles.zip': '/in-circles.zip',
}

function webServer(t: ExecutionContext): Promise<string> {
  return serve(t, ({ url = '' }, response) => {
    const location = redirects[url]
    if (zips[url] !== undefined) response.end(zips[url])
    else if (location !== undefined) response.writeHead(302, { location }).end()
    else if (url === '/slow.zip') {
      const timer = setInterval(() => response.write('P'), 50)
      response.on('close', () => clearInterval(timer))
    } else response.writeHead(404).end()
  })
}

function filesOf(product: Product): string[] {
  return readdirSync(dataFolder(product), { recursive: true })
    .map(String)
    .filter((name) => !/^(cache|catalog\.db)/.test(name))
    .sort()
}

test('a plugin that cannot be installed is refused with the whole reason, leaves nothing, and the rule beside it goes on meanwhile', async (t) => {
  t.timeout(300_000)
  const product = await startProduct(t, {
    PLUTINO__PLUGINS__DOWNLOAD__TIMEOUT: '1500ms',
    PLUTINO__PLUGINS__DOWNLOAD__MAXBYTES: String(MAX_BYTES),
  })
  const web = await webServer(t)
  const failed = (path: string, why: string) => `fail to download file ${web}${path}: ${why}`
  const cases: readonly (readonly [string, number, string])[] = [
    ['/404.zip', 400, failed('/404.zip', 'the answer was 404 Not Found')],
    ['/text.zip', 400, 'fail to install plugin: the file is not a zip archive'],
    ['/half.zip', 400, 'fail to install plugin: the archive is cut off: its end is missing'],
    [
      '/big.zip',
      413,
      failed(
        '/big.zip',
        `it has more than ${MAX_BYTES} bytes, which is what plugins.download.maxBytes allows`,
      ),
    ],
    [
      '/slow.zip',
      400,
      failed('/slow.zip', 'it took longer than 1500 ms, which plugins.download.timeout allows'),
    ],
    [
      '/to-file.zip',
      400,
      failed(
        '/to-file.zip',
        'it redirects to "file:///etc/passwd", which is no http or https address',
      ),
    ],
    [
      '/to-metadata.zip',
      400,
      'invalid uri http://169.254.169.254/x.zip: 169.254.169.254 is a link-local or metadata address, which is never allowed',
    ],
    ['/in-circles.zip', 400, failed('/in-circles.zip', 'it redirects more than 3 times')],
    [
      '/neither.zip',
      400,
      'fail to install plugin: the archive has neither a package.json with a "plutino" section nor a script such as Echo@v1.0.0.js at its root',
    ],
    [
      '/broken.zip',
      400,
      `fail to install plugin: package.json is not JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)`,
    ],
    ['/wrong.zip', 400, 'fail to install plugin: package.json plutino.functions: must be object'],
    [
      '/newer.zip',
      400,
      `fail to install plugin: package "echoes" 1.0.0 needs plutino >=99; this host is ${readVersion()}`,
    ],
  ]
  const { request, goesOn } = product
  await goesOn()
  const before = filesOf(product)
  for (const [path, status, message] of cases) {
    const body = { name: 'echo', file: web + path }
    const [answer] = await Promise.all([request('POST', '/plugins/functions', body), goesOn()])
    t.is(answer.status, status, path)
    t.is((answer.body as { message?: string }).message, message)
  }
  t.deepEqual(filesOf(product), before)
  t.deepEqual((await request('GET', '/plugins/functions')).body, [])
  await goesOn()
})

test('of two plugins with one name one is installed: at once, one after the other, from another package, or as what is built in', async (t) => {
  t.timeout(300_000)
  const product = await startProduct(t)
  const { request, goesOn } = product
  const web = await webServer(t)
  const install = (name: string, path: string) =>
    request('POST', '/plugins/functions', { name, file: web + path })
  const both = await Promise.all([install('echo', '/good.zip'), install('echo', '/good.zip')])
  const [kept, refused] = both.sort((a, b) => a.status - b.status)
  t.deepEqual([kept?.status, kept?.body], [201, 'functions plugin echo is created'])
  const taken =
    'invalid name echo: duplicate; version "" of package "echo" is installed; PUT replaces it'
  t.deepEqual(refused?.body, { error: 1000, message: taken, code: 'duplicate' })
  const again = {
    '/good.zip': taken,
    '/package.zip':
      'invalid name echo: duplicate; package "echo" brings a function of this name already; remove that one first',
  }
  for (const [path, message] of Object.entries(again)) {
    const answer = await install('echo', path)
    t.is(answer.status, 409)
    t.is((answer.body as { message?: string }).message, message)
  }
  const builtIn = await install('abs', '/good.zip')
  t.deepEqual(
    [builtIn.status, builtIn.body],
    [
      409,
      {
        error: 1000,
        message: 'invalid name abs: duplicate; a function of this name is built in',
        code: 'duplicate',
      },
    ],
  )
  t.deepEqual((await request('GET', '/plugins/functions')).body, ['echo'])
  await goesOn()
})
