import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { createRequire } from 'node:module'
import { compileFunction } from 'node:vm'
import test, { type ExecutionContext } from 'ava'
import { bundleExtension } from '#host/plugins/bundle.ts'
import { entryOf } from '#test/worker/bundle.ts'
import { RuleThread } from '#test/worker/rule-thread.ts'

const entry = await entryOf('sandboxed')

/** Runs the body of an async function as a plugin: bundled by the host, in a sandboxed worker. */
async function confined(t: ExecutionContext, body: string, arg: unknown = null): Promise<unknown> {
  const code = `
let answer
exports.run = { exec([arg]) {
  if (answer === undefined) {
    answer = 'pending'
    const told = (found) => { answer = JSON.stringify(found) }
    run(JSON.parse(arg)).then((value) => told({ value }), (error) => told({ error: error.message, code: error.code }))
  }
  return answer
} }
async function run(arg) { ${body} }`
  const { text } = await bundleExtension(new Map([['index.js', Buffer.from(code)]]), 'index.js')
  const rule = new RuleThread({
    entry,
    tier: 'sandboxed',
    sql: 'SELECT run(arg) AS answer FROM demo',
    plugins: [{ kind: 'function', name: 'run', text }],
  })
  t.teardown(() => rule.end())
  await rule.open()
  for (;;) {
    const [row] = await rule.rows([{ arg: JSON.stringify(arg) }])
    const { answer } = row as { answer: string }
    if (answer !== 'pending') {
      const { value, ...failure } = JSON.parse(answer)
      return value ?? failure
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The same in plain Node. */
async function plain(body: string): Promise<unknown> {
  const run = compileFunction(`return (async () => { ${body} })()`, ['require'])
  const value = await Reflect.apply(run, undefined, [createRequire(import.meta.url)])
  return JSON.parse(JSON.stringify(value))
}

const same = test.macro(async (t: ExecutionContext, body: string) => {
  t.timeout(300_000)
  t.deepEqual(await confined(t, body), await plain(body))
})

test(
  'hashes and HMACs are those of Node',
  same,
  `const crypto = require('node:crypto')
   const found = ['md5', 'sha1', 'sha256', 'SHA512', 'sha3-256', 'blake2b512'].map((name) => crypto.createHash(name).update('größe').update(Buffer.from([1, 2])).digest('hex'))
   const running = crypto.createHash('sha256').update('a')
   const copy = running.copy().update('b').digest('base64')
   return [found, running.digest('base64url'), copy, crypto.createHmac('sha256', 'key').update('x').digest('hex'),
     crypto.hash('sha1', 'x'), crypto.createHash('shake128', { outputLength: 40 }).update('x').digest('hex'),
     crypto.pbkdf2Sync('pass', 'salt', 100, 40, 'sha512').toString('hex'), Buffer.from(crypto.hkdfSync('sha256', 'k', 's', 'i', 50)).toString('hex')]`,
)
test(
  'Web Crypto for passwords is that of Node',
  same,
  `const { subtle } = require('crypto').webcrypto
   const bytes = (text) => new TextEncoder().encode(text)
   const key = await subtle.importKey('raw', bytes('pass'), 'PBKDF2', false, ['deriveBits'])
   const bits = await subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: bytes('salt'), iterations: 50 }, key, 256)
   const mac = await subtle.importKey('raw', bits, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
   const signed = await subtle.sign('HMAC', mac, bytes('x'))
   return [bits, signed, await subtle.digest('SHA-256', bytes('x'))].map((part) => Buffer.from(part).toString('hex')).concat(await subtle.verify('HMAC', mac, signed, bytes('x')))`,
)
test(
  'compression gives the bytes of Node, one-shot and as streams',
  same,
  `const zlib = require('zlib')
   const { promisify } = require('util')
   const { pipeline } = require('stream/promises')
   const { Readable } = require('stream')
   const text = 'größe '.repeat(500)
   const found = []
   for (const [pack, unpack] of [['gzip', 'gunzip'], ['deflate', 'inflate'], ['deflateRaw', 'inflateRaw'], ['brotliCompress', 'brotliDecompress'], ['zstdCompress', 'zstdDecompress'], ['gzip', 'unzip']]) {
     const packed = zlib[pack + 'Sync'](text)
     found.push(packed.toString('base64'), zlib[unpack + 'Sync'](packed).toString() === text, (await promisify(zlib[unpack])(packed)).length)
   }
   const parts = []
   const gunzip = zlib.createGunzip()
   gunzip.on('data', (part) => parts.push(part))
   await pipeline(Readable.from([text.slice(0, 100), text.slice(100)]), zlib.createGzip({ level: 9 }), gunzip)
   return [found, Buffer.concat(parts).toString() === text, zlib.crc32('abc'), zlib.constants.Z_BEST_SPEED, zlib.deflateSync(text, { level: 1 }).length]`,
)
test(
  'events, streams, texts and addresses do what those of Node do',
  same,
  `const { EventEmitter, once } = require('events')
   const { Readable, Transform, pipeline } = require('stream')
   const { text } = require('stream/consumers')
   const { StringDecoder } = require('string_decoder')
   const { AsyncLocalStorage, AsyncResource } = require('async_hooks')
   const timers = require('timers/promises')
   const emitter = new EventEmitter()
   queueMicrotask(() => emitter.emit('x', 1, 2))
   const heard = await once(emitter, 'x')
   const upper = new Transform({ transform: (piece, encoding, done) => done(null, String(piece).toUpperCase()) })
   const piped = text(pipeline(Readable.from(['a', 'ß']), upper, () => {}))
   const decoder = new StringDecoder('utf8')
   const split = decoder.write(Buffer.from([0xe2, 0x82])) + decoder.write(Buffer.from([0xac])) + decoder.end()
   const store = new AsyncLocalStorage()
   const followed = await store.run({ id: 7 }, async () => { await timers.setTimeout(2); return store.getStore().id })
   const bound = store.run({ id: 8 }, () => AsyncResource.bind(() => store.getStore().id))
   const path = require('path')
   const url = require('url')
   const assert = require('assert')
   let thrown
   try { assert.deepStrictEqual({ a: 1 }, { a: 2 }) } catch (error) { thrown = error.code }
   return [heard, await piped, split, followed, bound(), path.join('/a', '../b', 'c.txt'), path.extname('x.tar.gz'), url.urlToHttpOptions(new url.URL('http://u:p@h:1/a?b=c#d')).path,
     require('querystring').parse('a=1&b=x%20y').b, thrown, require('util').format('%s %d %j', 'x', 1, { a: 1 }),
     require('util').isDeepStrictEqual(new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])), require('util').types.isUint8Array(Buffer.alloc(1))]`,
)

test('what is encrypted for a public key of RSA is decrypted by the private one', async (t) => {
  t.timeout(300_000)
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const found = await confined(
    t,
    `const crypto = require('crypto')
     const key = arg
     return [crypto.publicEncrypt(key, Buffer.from('größe')),
       crypto.publicEncrypt({ key, padding: crypto.constants.RSA_PKCS1_PADDING }, Buffer.from('b')),
       crypto.publicEncrypt({ key, oaepHash: 'sha256' }, Buffer.from('c'))].map((bytes) => bytes.toString('base64'))`,
    publicKey,
  )
  const [first = '', second = '', third = ''] = found as string[]
  const open = (text: string, options: object = {}) =>
    privateDecrypt({ key: privateKey, ...options }, Buffer.from(text, 'base64')).toString()
  t.is(open(first), 'größe')
  t.is(open(second, { padding: constants.RSA_PKCS1_PADDING }), 'b')
  t.is(open(third, { oaepHash: 'sha256' }), 'c')
})

const fails = test.macro(async (t: ExecutionContext, body: string, failure: object) => {
  t.timeout(300_000)
  t.like(await confined(t, body), failure)
})

test(
  'a bomb is refused at 64 MB',
  fails,
  `const zlib = require('zlib')
   let packed = zlib.gzipSync(Buffer.alloc(60e6))
   return zlib.gunzipSync(Buffer.concat([packed, packed])).length`,
  { code: 'ERR_BUFFER_TOO_LARGE' },
)
test(
  'broken data is an error of the plugin’s own, with Node’s code',
  fails,
  `try { require('zlib').gunzipSync('no gzip') } catch (error) {
     if (Object.getPrototypeOf(error) !== Error.prototype) throw new Error('foreign')
     throw error
   }`,
  { code: 'Z_DATA_ERROR' },
)
test(
  'what Node’s module has and ours has not is refused when it is called',
  fails,
  `const { scryptSync } = require('crypto'); return scryptSync('a', 'b', 32)`,
  {
    code: 'ERR_PLUGIN_DENIED',
    error: '"scryptSync" of module "crypto" is not available in a sandboxed plugin',
  },
)
test(
  'a package that is not in the zip fails when it is asked for, not before',
  fails,
  `try { require('pg-native') } catch (error) { if (error.code === 'MODULE_NOT_FOUND') return require('other') }`,
  { code: 'MODULE_NOT_FOUND' },
)

test('what the natives are given is looked at by its slots', async (t) => {
  t.timeout(300_000)
  const found = await confined(
    t,
    `const crypto = require('crypto'), zlib = require('zlib')
     const detached = Buffer.alloc(8); detached.buffer.transfer()
     const memory = new ArrayBuffer(8, { maxByteLength: 64 }); const shrunk = new Uint8Array(memory, 4); memory.resize(2)
     const liar = Object.defineProperty(Buffer.from('abc'), 'length', { value: 2 ** 31 })
     const given = [detached, shrunk, liar, new Proxy(Buffer.from('x'), {}), {}, 5, null, Symbol('s'), [1], { length: 2 ** 40 }, Object.create(Buffer.prototype)]
     const seen = []
     for (const each of given) for (const run of [
       () => crypto.createHash('md5').update(each).digest('hex'), () => crypto.createHmac('md5', each).digest('hex'),
       () => zlib.gzipSync(each).length, () => zlib.deflateSync('x', { dictionary: each }).length, () => zlib.crc32(each),
       () => zlib.gzipSync('x', { level: each }).length, () => crypto.createHash(each), () => zlib.brotliCompressSync('x', { params: each }).length,
     ]) {
       try { run() } catch (error) { if (![Error, TypeError, RangeError].some((Kind) => Object.getPrototypeOf(error) === Kind.prototype)) seen.push(String(error)) }
     }
     return [seen, crypto.createHash('md5').update(liar).digest('hex')]`,
  )
  t.deepEqual(found, [[], '900150983cd24fb0d6963f7d28e17f72'])
})
