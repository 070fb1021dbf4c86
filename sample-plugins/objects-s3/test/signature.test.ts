import test from 'ava'
import { startFake } from './fake.ts'
import { oddKeys } from './keys.ts'
import { bytesOf, found, keysOf, storeAt } from './rig.ts'
import { sentSignature, wantedSignature } from './signature.ts'

const { signal } = new AbortController()
const secret = 'the+secret/of=a-user'
const credentials = { accessKeyId: 'user', secretAccessKey: secret }

test('what a store wants is computed as the documentation of S3 has it', (t) => {
  const url = new URL('http://examplebucket.s3.amazonaws.com/test.txt')
  const headers = {
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=?',
    host: url.host,
    range: 'bytes=0-9',
    'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'x-amz-date': '20130524T000000Z',
  }
  t.is(
    wantedSignature({ url, headers }, 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  )
})

test('every request is signed as a store wants it: odd keys, ranges, prefixes and pages', async (t) => {
  const fake = await startFake(t, Object.fromEntries(oddKeys.map((key) => [key, `this is ${key}`])))
  const store = storeAt(fake.url, { props: { 'aws.s3.fetch.page.size': 3 }, credentials })
  t.deepEqual(await keysOf(store), [...oddKeys].sort())
  for (const key of oddKeys) {
    const object = await found(store, key)
    t.is((await bytesOf(store.open(object, undefined, signal))).toString(), `this is ${key}`)
    t.is(Buffer.from(await store.read(object, 5, 7, signal)).toString(), 'is')
  }
  const odd = storeAt(fake.url, { props: { 'aws.s3.prefix': 'a&b=c?d#' }, credentials })
  t.deepEqual(await keysOf(odd), ['a&b=c?d#e.txt'])
  t.true(fake.asked.length > 3 * oddKeys.length)
  for (const asked of fake.asked) {
    t.is(sentSignature(asked), wantedSignature(asked, secret), asked.url.href)
  }
})
