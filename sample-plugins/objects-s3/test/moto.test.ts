import test from 'ava'
import { type Moto, startMoto } from '../../../test/fixtures/moto.ts'
import { oddKeys } from './keys.ts'
import { bytesOf, found, keysOf, storeAt } from './rig.ts'

let moto: Moto | undefined
test.before(async () => {
  moto = await startMoto()
})
test.after.always(() => moto?.close())

const { signal } = new AbortController()
/** Keys that the server's framework writes into a path as S3 does; of others it wants another path to be signed. */
const plainKeys = ['a b.txt', 'x//y.txt', 'plain.txt', 'z/~-_.txt']

test.serial(
  'E54: keys with blanks, `+`, `%`, `&`, Cyrillic, astral characters are listed, opened and ordered as stored',
  async (t) => {
    if (moto === undefined) return t.pass('moto_server is not installed here')
    await moto.makeBucket('odd-keys')
    for (const key of oddKeys) await moto.put('odd-keys', key, `this is ${key}`)
    const store = storeAt(moto.url, { props: { datasource: 'odd-keys' } })
    const keys = await keysOf(store)
    const inBytes = oddKeys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    t.deepEqual([...keys].sort(), [...oddKeys].sort())
    t.deepEqual(keys, inBytes)
    for (const key of oddKeys) {
      const body = await bytesOf(store.open(await found(store, key), undefined, signal))
      t.is(body.toString(), `this is ${key}`)
    }
  },
)

test.serial(
  'E51: prefix `a/` over three pages with `b/` present gives no `b/` key, and all of `a/`',
  async (t) => {
    if (moto === undefined) return t.pass('moto_server is not installed here')
    await moto.makeBucket('pages')
    for (let i = 10; i < 37; i++) await moto.put('pages', `a/${i}`, 'x')
    for (let i = 0; i < 5; i++) await moto.put('pages', `b/${i}`, 'x')
    const props = { datasource: 'pages/a/', 'aws.s3.fetch.page.size': 10 }
    const store = storeAt(moto.url, { props })
    const all = Array.from({ length: 27 }, (_, i) => `a/${i + 10}`)
    t.deepEqual(await keysOf(store), all)
    t.deepEqual(await keysOf(store, 'a/20'), all.slice(11))
    t.deepEqual(await keysOf(store, 'a/205'), all.slice(11))
  },
)

test.serial(
  'an object has the size, the etag and the time that the store says, and a range is that range',
  async (t) => {
    if (moto === undefined) return t.pass('moto_server is not installed here')
    await moto.makeBucket('facts')
    await moto.put('facts', 'o', 'hello world')
    const store = storeAt(moto.url, { props: { datasource: 'facts' } })
    const object = await found(store, 'o')
    t.is(object.size, 11)
    t.is(store.version(object), '5eb63bbbe01eeed093cb22bb8f5acdc3')
    t.true(Math.abs((store.lastModified(object) ?? 0) - Date.now()) < 600_000)
    t.is(Buffer.from(await store.read(object, 3, 8, signal)).toString(), 'lo wo')
    t.is((await bytesOf(store.open(object, { offset: 6 }, signal))).toString(), 'world')
  },
)

test.serial('an object replaced after it was listed is left to the next listing', async (t) => {
  if (moto === undefined) return t.pass('moto_server is not installed here')
  await moto.makeBucket('replaced')
  await moto.put('replaced', 'o', 'one')
  const store = storeAt(moto.url, { props: { datasource: 'replaced' } })
  const old = await found(store, 'o')
  await moto.put('replaced', 'o', 'two')
  await t.throwsAsync(bytesOf(store.open(old, undefined, signal)), { code: 'skip-object' })
  const now = await found(store, 'o')
  t.not(store.version(now), store.version(old))
  t.is((await bytesOf(store.open(now, undefined, signal))).toString(), 'two')
})

test.serial(
  'a bucket that is not there ends the rule, an object that is gone does not',
  async (t) => {
    if (moto === undefined) return t.pass('moto_server is not installed here')
    const nowhere = storeAt(moto.url, { props: { datasource: 'nowhere' } })
    await t.throwsAsync(keysOf(nowhere), {
      code: 'stop',
      message: /list nowhere\/: 404 NoSuchBucket/,
    })
    await moto.makeBucket('gone')
    await moto.put('gone', 'o', 'x')
    const store = storeAt(moto.url, { props: { datasource: 'gone' } })
    const object = await found(store, 'o')
    await moto.remove('gone', 'o')
    const error = await t.throwsAsync(bytesOf(store.open(object, undefined, signal)))
    t.like(error, { name: 'NoSuchKey', status: 404 })
  },
)

test.serial(
  'what is signed is what the store computes, for keys, prefixes and pages; a wrong secret ends the rule',
  async (t) => {
    if (moto === undefined) return t.pass('moto_server is not installed here')
    await moto.makeBucket('signed')
    for (const key of plainKeys) await moto.put('signed', key, key)
    const { id, secret } = await moto.requireSignatures()
    const props = { datasource: 'signed', 'aws.s3.fetch.page.size': 3 }
    const credentials = { accessKeyId: id, secretAccessKey: secret }
    const store = storeAt(moto.url, { props, credentials })
    t.deepEqual((await keysOf(store)).sort(), [...plainKeys].sort())
    for (const key of plainKeys) {
      const body = await bytesOf(store.open(await found(store, key), undefined, signal))
      t.is(body.toString(), key)
    }
    const odd = storeAt(moto.url, { props: { ...props, 'aws.s3.prefix': 'a b' }, credentials })
    t.deepEqual(await keysOf(odd), ['a b.txt'])
    const wrong = { accessKeyId: id, secretAccessKey: `${secret.slice(1)}x` }
    const refused = storeAt(moto.url, { props, credentials: wrong })
    await t.throwsAsync(keysOf(refused), { code: 'stop', message: /SignatureDoesNotMatch/ })
    const nobody = storeAt(moto.url, { props })
    await t.throwsAsync(keysOf(nobody), { message: /403/ })
  },
)
