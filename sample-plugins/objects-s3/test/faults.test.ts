import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { refuse, startFake } from './fake.ts'
import { bytesOf, found, keysOf, storeAt } from './rig.ts'

const { signal } = new AbortController()

test('J102, J103: an empty listing gives no keys, one object one key', async (t) => {
  const fake = await startFake(t)
  const store = storeAt(fake.url)
  t.deepEqual(await keysOf(store), [])
  fake.objects.set('only', Buffer.from('x'))
  t.deepEqual(await keysOf(store), ['only'])
})

test('J105, J107: two pages: the second is requested only when needed, with the token; both keys come', async (t) => {
  const fake = await startFake(t, { a: '1', b: '2' })
  const listing = storeAt(fake.url, { props: { 'aws.s3.fetch.page.size': 1 } }).list('A', signal)
  t.like(await listing.next(), { value: { key: 'a' } })
  t.is(fake.asked.length, 1)
  t.like(await listing.next(), { value: { key: 'b' } })
  const [first, second] = fake.asked.map(({ url }) => url.searchParams)
  t.is(first?.get('start-after'), 'A')
  t.is(first?.get('continuation-token'), null)
  t.is(second?.get('continuation-token'), 'a')
  t.is(second?.get('start-after'), null)
})

test('J106: the prefix is in the requests of all pages', async (t) => {
  const fake = await startFake(t, { 'a/1': '1', 'a/2': '2', 'b/1': '3' })
  const props = { datasource: 'box/a/', 'aws.s3.fetch.page.size': 1 }
  t.deepEqual(await keysOf(storeAt(fake.url, { props })), ['a/1', 'a/2'])
  t.deepEqual(
    fake.asked.map(({ url }) => url.searchParams.get('prefix')),
    ['a/', 'a/'],
  )
})

test('a page of a thousand objects is read whole', async (t) => {
  const fake = await startFake(t)
  for (let i = 0; i < 1000; i++) fake.objects.set(`k${i}`, Buffer.from('x'))
  const store = storeAt(fake.url)
  t.is((await keysOf(store)).length, 1000)
  t.is(store.version(await found(store, 'k999')), 'e-1')
})

test('E52: a body of 8 MiB is complete and streamed', async (t) => {
  const content = randomBytes(8 * 2 ** 20)
  const fake = await startFake(t, { big: content })
  const store = storeAt(fake.url)
  let largest = 0
  const parts: Uint8Array[] = []
  for await (const chunk of store.open(await found(store, 'big'), undefined, signal)) {
    largest = Math.max(largest, chunk.length)
    parts.push(chunk)
  }
  t.true(Buffer.concat(parts).equals(content))
  t.true(largest <= 2 ** 20)
})

test('what is larger than an answer may be is asked for in parts', async (t) => {
  const content = randomBytes(10_000)
  const fake = await startFake(t, { big: content })
  const store = storeAt(fake.url, { segment: 4096 })
  const all = await bytesOf(store.open(await found(store, 'big'), undefined, signal))
  t.true(all.equals(content))
  const rest = await bytesOf(store.open(await found(store, 'big'), { offset: 5000 }, signal))
  t.true(rest.equals(content.subarray(5000)))
  const ranges = fake.asked.map(({ headers }) => headers.range).filter((range) => range)
  t.deepEqual(ranges, [
    'bytes=0-4095',
    'bytes=4096-8191',
    'bytes=8192-9999',
    'bytes=5000-9095',
    'bytes=9096-9999',
  ])
})

test('E53: 503 on list, on open, reset mid-body is retried; 403 is not retried', async (t) => {
  const content = randomBytes(100_000)
  const fake = await startFake(t, { o: content, secret: 'x' })
  const seen = new Map<string, number>()
  fake.before = ({ url }, response) => {
    const n = (seen.get(url.pathname) ?? 0) + 1
    seen.set(url.pathname, n)
    if (url.pathname.endsWith('/secret')) return refuse(response, 403, 'AccessDenied')
    return n === 1 && refuse(response, 503, 'SlowDown')
  }
  fake.cutAfter = ({ headers }) => (headers.range === undefined ? 30_000 : undefined)
  const store = storeAt(fake.url)
  const object = await found(store, 'o')
  t.is(fake.count(''), 2)
  t.true((await bytesOf(store.open(object, undefined, signal))).equals(content))
  // Refused, broken off, gone on with; what came of the broken one is not asked for again.
  t.is(fake.count('o'), 3)
  const { range = '', ...headers } = fake.asked.at(-1)?.headers ?? {}
  t.regex(range, /^bytes=[1-9]\d*-99999$/)
  t.is(headers['if-match'], '"e-100000"')
  const secret = await found(store, 'secret')
  const error = await t.throwsAsync(bytesOf(store.open(secret, undefined, signal)))
  t.like(error, { name: 'AccessDenied', status: 403 })
  t.is(fake.count('secret'), 1)
})

test('a store that stays busy is asked as often as was set, then the layer is told', async (t) => {
  const fake = await startFake(t)
  fake.before = (_, response) => refuse(response, 500, 'InternalError')
  const store = storeAt(fake.url, { props: { 'aws.s3.backoff.max.retries': 2 } })
  await t.throwsAsync(keysOf(store), {
    name: 'InternalError',
    message: /500 InternalError: because/,
  })
  t.is(fake.asked.length, 3)
})

test('E55: stop during list or body: the request is aborted', async (t) => {
  const fake = await startFake(t, { o: randomBytes(1000) })
  let closed = 0
  fake.before = async ({ url }, response) => {
    if (url.pathname === '/box/' && closed === 0) return false
    response.once('close', () => closed++)
    response.writeHead(200, { 'content-length': 1000 })
    response.write('x'.repeat(10))
    return true
  }
  const store = storeAt(fake.url)
  const object = await found(store, 'o')
  const stop = new AbortController()
  const body = bytesOf(store.open(object, undefined, stop.signal))
  setTimeout(() => stop.abort(), 100)
  await t.throwsAsync(body)
  while (closed < 1) await sleep(10)
  const early = store.open(object, undefined, signal)
  await early.next()
  await early.return(undefined)
  while (closed < 2) await sleep(10)
  const again = new AbortController()
  const listing = store.list(undefined, again.signal).next()
  setTimeout(() => again.abort(), 100)
  await t.throwsAsync(listing)
  while (closed < 3) await sleep(10)
  t.is(closed, 3)
})

test('a clock that is wrong is set by the store’s answer, once', async (t) => {
  const fake = await startFake(t, { o: 'x' })
  const times: string[] = []
  fake.before = ({ headers }, response) => {
    const time = String(headers['x-amz-date'])
    times.push(time)
    const at = Date.parse(time.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'))
    return Math.abs(at - Date.now()) > 60_000 && refuse(response, 403, 'RequestTimeTooSkewed')
  }
  const store = storeAt(fake.url, { now: () => Date.now() - 3_600_000 })
  t.deepEqual(await keysOf(store), ['o'])
  t.is(times.length, 2)
  t.is((await bytesOf(store.open(await found(store, 'o'), undefined, signal))).toString(), 'x')
  t.is(times.length, 4)
})

test('a session token is sent and signed; an anonymous request has no signature', async (t) => {
  const fake = await startFake(t)
  const credentials = { accessKeyId: 'k', secretAccessKey: 's', sessionToken: 'tok' }
  await keysOf(storeAt(fake.url, { credentials }))
  const { headers } = fake.asked[0] ?? {}
  t.is(headers?.['x-amz-security-token'], 'tok')
  t.regex(String(headers?.authorization), /Credential=k\/\d{8}\/us-east-1\/s3\/aws4_request/)
  t.regex(String(headers?.authorization), /SignedHeaders=[^,]*x-amz-security-token/)
})

test('with path style off the bucket is in the name of the host', async (t) => {
  const asked: string[] = []
  const store = storeAt('https://s3.example.com:8443', {
    props: { 'aws.s3.path.style': false },
    fetch: async (url) => {
      asked.push(String(url))
      throw new Error('enough')
    },
  })
  await t.throwsAsync(keysOf(store), { message: 'enough' })
  t.regex(asked[0] ?? '', /^https:\/\/box\.s3\.example\.com:8443\/\?list-type=2&/)
})

test('a store that sends the whole object for a range is an error', async (t) => {
  const fake = await startFake(t, { o: 'hello' })
  const store = storeAt(fake.url)
  const object = await found(store, 'o')
  fake.before = (_, response) => {
    response.end('hello')
    return true
  }
  await t.throwsAsync(store.read(object, 1, 3, signal), { code: 'stop', message: /no ranges/ })
})

test('a key that an URL cannot carry is left out by name', async (t) => {
  const fake = await startFake(t, { 'a/../b': 'x' })
  const store = storeAt(fake.url)
  const object = await found(store, 'a/../b')
  await t.throwsAsync(bytesOf(store.open(object, undefined, signal)), { code: 'skip-object' })
})
