import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { type Moto, startMoto } from '#test/fixtures/moto.ts'
import { SampleHost } from '#test/fixtures/sample-host.ts'
import { startFake } from '../../sample-plugins/objects-s3/test/fake.ts'
import { difference, ObjectRules, range, sorted } from './object-rules.ts'
import { parquetOf } from './parquet.ts'

const lines = (from: number, count: number) =>
  range(count, from)
    .map((id) => `{"id":${id},"text":"${'x'.repeat(80)}"}\n`)
    .join('')

let moto: Moto | undefined
test.before(async () => {
  moto = await startMoto()
})
test.after.always(() => moto?.close())

/** A host with the source, which may reach this store. */
async function start(t: ExecutionContext, origin: string) {
  const host = await SampleHost.start(t)
  await host.install('objects-s3', 'sources/objectsS3', { network: [origin] })
  await host.send('POST', '/plugins/sources/objectsS3/grants', { network: [origin] })
  return { host, rules: new ObjectRules(host, 'objectsS3') }
}

const access = { 'aws.access.key.id': 'key', 'aws.secret.access.key': 'secret' }
const EACH = 2000
const OBJECTS = 8

const formats = {
  gzip: {
    props: { 'input.format': 'jsonl', 'file.compression.type': 'gzip' },
    make: (from: number, count: number): Uint8Array => gzipSync(lines(from, count)),
  },
  parquet: { props: { 'input.format': 'parquet' }, make: parquetOf },
}

for (const [name, { props, make }] of Object.entries(formats)) {
  test.serial(
    `${name} from a bucket: host and worker killed in the middle of objects, then late and replaced ones: each row once`,
    async (t) => {
      t.timeout(240_000)
      if (moto === undefined) return t.pass('moto_server is not installed here')
      const { host, rules } = await start(t, moto.url)
      await moto.makeBucket(name)
      for (let i = 0; i < OBJECTS; i++)
        await moto.put(name, `in/${i * 10 + 10}`, make(i * EACH, EACH))
      await moto.put(name, 'other/1', make(900_000, 3))
      await rules.start(name, `${name}/in/`, {
        ...props,
        ...access,
        'aws.s3.endpoint': moto.url,
        bufferLength: 500,
      })
      const total = OBJECTS * EACH
      for (const part of [0.1, 0.3, 0.5, 0.7]) {
        await rules.reach(name, total * part)
        if (part === 0.3) host.killWorkers()
        else await host.killAndStart()
      }
      t.is(difference(await rules.whole(name, total), range(total)), '')
      await moto.put(name, 'in/15', make(200_000, 7))
      await moto.put(name, 'in/80', make(300_000, 11))
      const wanted = [...range(total), ...range(7, 200_000), ...range(11, 300_000)]
      t.is(difference(sorted(await rules.whole(name, wanted.length)), wanted), '')
      t.is(await host.stop(), 0)
    },
  )
}

test.serial(
  'in the sandbox a connection that ends early is taken up where it broke, and a busy store is asked again',
  async (t) => {
    t.timeout(300_000)
    const fake = await startFake(t)
    const { host, rules } = await start(t, fake.url)
    for (let i = 0; i < 20; i++) {
      fake.objects.set(`o${String(i).padStart(2, '0')}`, Buffer.from(lines(i * 100, 100)))
    }
    let asked = 0
    fake.before = (_, response) => {
      if (asked++ % 3 !== 0) return false
      response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>')
      return true
    }
    fake.cutAfter = ({ headers }) => (headers.range === undefined ? 3000 : undefined)
    await rules.start('faults', 'box', {
      ...access,
      'input.format': 'jsonl',
      'aws.s3.endpoint': fake.url,
      'aws.s3.backoff.delay.ms': 5,
    })
    t.is(difference(await rules.whole('faults', 2000), range(2000)), '')
    t.true(fake.asked.some(({ headers }) => headers.range !== undefined))
    t.is(await host.stop(), 0)
  },
)
