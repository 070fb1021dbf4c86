import test from 'ava'
import { type Moto, startMoto } from '../../../test/fixtures/moto.ts'
import { bytesOf, found, keysOf, storeAt } from './rig.ts'

/* What the scenarios ask of a client of Azure holds for any store of objects; asked of S3, the store that there is. */

let moto: Moto | undefined
test.before(async () => {
  moto = await startMoto()
})
test.after.always(() => moto?.close())

const { signal } = new AbortController()

async function filled(server: Moto, bucket: string, keys: readonly string[]): Promise<void> {
  await server.makeBucket(bucket)
  await Promise.all(keys.map((key) => server.put(bucket, key, key)))
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => `object-${String(i).padStart(4, '0')}`)

test.serial('J108: of 100 objects come 100 keys, of a bucket without any none', async (t) => {
  if (moto === undefined) return t.pass('moto_server is not installed here')
  const keys = numbered(100)
  await filled(moto, 'hundred', keys)
  await moto.makeBucket('none')
  t.deepEqual(await keysOf(storeAt(moto.url, { props: { datasource: 'hundred' } })), keys)
  t.deepEqual(await keysOf(storeAt(moto.url, { props: { datasource: 'none' } })), [])
})

test.serial('J109: an empty object has no data, a text comes as it is', async (t) => {
  if (moto === undefined) return t.pass('moto_server is not installed here')
  await moto.makeBucket('texts')
  const text = 'a text, täxt, текст\n'
  await moto.put('texts', 'empty', '')
  await moto.put('texts', 'text', text)
  const store = storeAt(moto.url, { props: { datasource: 'texts' } })
  const dataOf = async (key: string) =>
    (await bytesOf(store.open(await found(store, key), undefined, signal))).toString()
  t.is(await dataOf('empty'), '')
  t.is(await dataOf('text'), text)
})

test.serial(
  'J110: 500 objects in pages of 10 are 500; of 10 in pages of 1 the content is the name; an empty bucket gives none',
  async (t) => {
    if (moto === undefined) return t.pass('moto_server is not installed here')
    const at = (datasource: string, page: number) =>
      storeAt(moto?.url ?? '', { props: { datasource, 'aws.s3.fetch.page.size': page } })
    const many = numbered(500)
    await filled(moto, 'many', many)
    t.deepEqual(await keysOf(at('many', 10)), many)
    const few = numbered(10)
    await filled(moto, 'few', few)
    const store = at('few', 1)
    const contents: string[] = []
    for await (const object of store.list(undefined, signal)) {
      contents.push((await bytesOf(store.open(object, undefined, signal))).toString())
    }
    t.deepEqual(contents, few)
    await moto.makeBucket('empty')
    t.deepEqual(await keysOf(at('empty', 1)), [])
  },
)
