import test from 'ava'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'
import { eventually } from '#test/fixtures/cell/rules.ts'
import { startRedis } from '#test/fixtures/databases.ts'

const redis = await startRedis()
const probes = new ProbeCell()
const withRedis = redis === undefined ? test.serial.skip : test.serial
const port = redis?.port ?? 0
const powers = { network: [`tcp://127.0.0.1:${port}`] }
const head = `const { Redis } = require('ioredis')`

test.after.always(async () => {
  await probes.close()
  await redis?.stop()
})

if (redis === undefined) test('ioredis is not tested: there is no redis-server', (t) => t.pass())

withRedis(
  'ioredis runs in a sandboxed plugin: commands, pipelines, bytes, subscriptions',
  async (t) => {
    const answer = await probes.run(t, {
      packs: true,
      head,
      powers,
      props: { port },
      body: `
      const options = { port: props.port, host: '127.0.0.1' }
      const db = new Redis(options)
      const listener = new Redis(options)
      const heard = new Promise((resolve) => listener.on('message', (channel, text) => resolve(channel + ': ' + text)))
      await listener.subscribe('news')
      await db.set('a', 'ä🎈')
      await db.set('bytes', Buffer.from([0, 255, 13, 10]))
      const many = db.pipeline()
      for (let n = 0; n < 1000; n++) many.incrby('n', n)
      const results = await many.exec()
      const big = 'x'.repeat(2000000)
      await db.set('big', big)
      await db.publish('news', 'good')
      const wrong = await db.lpush('a', '1').catch((error) => error.message)
      const answer = { a: await db.get('a'), bytes: [...await db.getBuffer('bytes')], sum: results.at(-1)[1],
        big: (await db.get('big')) === big, heard: await heard, wrong: wrong.slice(0, 9) }
      await Promise.all([db.quit(), listener.quit()])
      return answer`,
    })
    t.deepEqual(answer, {
      ...{ a: 'ä🎈', bytes: [0, 255, 13, 10], sum: 499_500, big: true },
      ...{ heard: 'news: good', wrong: 'WRONGTYPE' },
    })
  },
)

withRedis('ioredis connects again when the server is back', async (t) => {
  const rule = await probes.start({
    packs: true,
    head,
    powers,
    props: { port },
    body: `
      const db = new Redis({ port: props.port, host: '127.0.0.1', retryStrategy: () => 20, maxRetriesPerRequest: null })
      db.on('error', () => {})
      const closed = new Promise((resolve) => db.once('close', resolve))
      tell(await db.ping())
      await closed
      const answer = await db.ping()
      await db.quit()
      return 'again ' + answer`,
  })
  t.teardown(() => probes.stop(rule.name))
  await eventually(
    () => probes.answers(rule),
    (answers) => answers.length === 1,
  )
  await redis?.restart()
  const answers = await eventually(
    () => probes.answers(rule),
    (found) => found.length === 2,
  )
  t.deepEqual(answers, ['PONG', 'again PONG'])
})
