import { createServer } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import { BadWorker } from '#test/fixtures/bad-worker.ts'
import { eventually } from '#test/fixtures/cell/rules.ts'

async function start(t: ExecutionContext): Promise<{ bad: BadWorker; url: string }> {
  const server = createServer((request, response) => {
    if (request.url !== '/silent') response.end('x'.repeat(10))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const url = `http://127.0.0.1:${port}`
  return { bad: new BadWorker(t, [url]), url: `${url}/` }
}

const good = { method: 'GET', headers: [] }
const offences: readonly (readonly [string, (url: string) => readonly unknown[]])[] = [
  ['no request', () => [1]],
  ['null', () => [1, null]],
  ['a request that is a text', () => [1, 'GET / HTTP/1.1']],
  ['no url', () => [1, good]],
  ['an url that is a list', (url) => [1, { ...good, url: [url] }]],
  ['a method that is an object', (url) => [1, { ...good, url, method: {} }]],
  ['headers that are a map', (url) => [1, { ...good, url, headers: new Map() }]],
  ['a header that is a number', (url) => [1, { ...good, url, headers: ['a', 1] }]],
  ['a million headers', (url) => [1, { ...good, url, headers: Array(1e6).fill('a') }]],
  ['an id below 0', (url) => [-1, { ...good, url }]],
  ['a time that is no number', (url) => [1, { ...good, url, timeoutMs: 'long' }]],
  ['a time below 0', (url) => [1, { ...good, url, timeoutMs: -1 }]],
  ['tls that is a text', (url) => [1, { ...good, url, tls: 'none' }]],
  ['a body that is a text', (url) => [1, { ...good, url, method: 'POST' }, 'text']],
  ['shared memory as a body', (url) => [1, { ...good, url }, new SharedArrayBuffer(8)]],
]

for (const [name, make] of offences) {
  test(`a request with "${name}", five times, ends the worker`, async (t) => {
    const { bad, url } = await start(t)
    for (let n = 0; n < 5; n++) bad.call('fetch.send', ...make(url))
    await eventually(
      async () => bad.offences.length,
      (count) => count === 1,
    )
    t.regex(
      bad.offences[0] ?? '',
      /^plugin bad@1\.0\.0: the worker broke the protocol: fetch\.send/,
    )
  })
}

const errors: readonly (readonly [string, (url: string) => unknown])[] = [
  ['another port', () => ({ ...good, url: 'http://127.0.0.1:1/' })],
  ['another scheme', (url) => ({ ...good, url: url.replace('http', 'https') })],
  ['a user', (url) => ({ ...good, url: url.replace('//', '//a:b@') })],
  ['a line break in a header', (url) => ({ ...good, url, headers: ['a', 'b\r\nc: d'] })],
  ['a null in a header', (url) => ({ ...good, url, headers: ['a', '\0'] })],
  ['a blank in a name', (url) => ({ ...good, url, headers: ['a b', 'c'] })],
  ['a method with a line break', (url) => ({ ...good, url, method: 'GET /\r\n' })],
  ['CONNECT', (url) => ({ ...good, url, method: 'connect' })],
  ['a huge header', (url) => ({ ...good, url, headers: ['a', 'b'.repeat(40_000)] })],
]

for (const [name, make] of errors) {
  test(`a request with ${name} is an error and reaches nobody`, async (t) => {
    const { bad, url } = await start(t)
    bad.send({ id: 7, method: 'fetch.send', args: [1, make(url)] })
    const answer = await eventually(
      async () => bad.heard.find(({ id }) => id === 7),
      (heard) => heard !== undefined,
    )
    t.true(['EINVAL', 'ERR_PLUGIN_DENIED'].includes(answer?.error?.code ?? ''), answer?.error?.code)
    t.deepEqual(bad.offences, [])
  })
}

test('what frames a message is not the worker’s to set', async (t) => {
  const { bad, url } = await start(t)
  const headers = [
    'Host',
    'evil',
    'Content-Length',
    '5',
    'Transfer-Encoding',
    'chunked',
    'Connection',
    'close',
  ]
  bad.send({
    id: 7,
    method: 'fetch.send',
    args: [1, { url, method: 'POST', headers }, new ArrayBuffer(3)],
  })
  const answer = await eventually(
    async () => bad.heard.find(({ id }) => id === 7),
    (heard) => heard !== undefined,
  )
  t.is((answer?.ok as { status: number } | undefined)?.status, 200)
})

test('open requests are bounded, and free when they are given up', async (t) => {
  const { bad, url } = await start(t)
  const silent = { ...good, url: `${url}silent` }
  for (let n = 1; n <= 60; n++) bad.send({ method: 'fetch.send', args: [n, silent] })
  await new Promise((resolve) => setTimeout(resolve, 100))
  for (let n = 1; n <= 60; n++) bad.call('fetch.abort', n)
  bad.send({ id: 7, method: 'fetch.send', args: [100, { ...good, url }] })
  const answer = await eventually(
    async () => bad.heard.find(({ id }) => id === 7),
    (heard) => heard !== undefined,
  )
  t.is((answer?.ok as { status: number } | undefined)?.status, 200)
  for (let n = 0; n < 5; n++) bad.call('fetch.taken', 100, 1_000_000)
  bad.call('fetch.taken', 5000, 1)
  bad.call('fetch.abort', 5000)
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.true(bad.offences.length <= 1)
})
