import test from 'ava'
import { NameLookup } from '#host/cell/facades/name-lookup.ts'
import { GrantedOrigins, originOf, readHost, readOrigin } from '#host/cell/facades/origins.ts'

const hosts: readonly (readonly [string, string | undefined])[] = [
  ['DB', 'db'],
  ['db.', 'db'],
  ['a_b-c.example', 'a_b-c.example'],
  ['127.0.0.1', '127.0.0.1'],
  ['[::1]', '::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['::FFFF:127.0.0.1', '::ffff:7f00:1'],
  ['fe80::1%eth0', undefined],
  ['127.1', undefined],
  ['2130706433', undefined],
  ['0x7f000001', undefined],
  ['a.0x7f', undefined],
  ['db..', undefined],
  ['.db', undefined],
  ['-db', undefined],
  ['d b', undefined],
  ['db\r\n', undefined],
  ['db/', undefined],
  ['user@db', undefined],
  ['db:80', undefined],
  ['ｄｂ', undefined],
  ['', undefined],
  ['a'.repeat(64), undefined],
  [`${'a.'.repeat(127)}a`, undefined],
]

for (const [text, expected] of hosts) {
  test(`the host ${JSON.stringify(text.slice(0, 40))} is ${expected ?? 'none'}`, (t) => {
    t.is(readHost(text), expected)
  })
}

test('an origin has one way to be written', (t) => {
  const origins = [
    'HTTPS://API.Example.com:443/',
    'http://h:80',
    'wss://h:443',
    'tcp://[0::1]:1',
    'tls://h:443',
  ]
  t.deepEqual(
    origins.map((text) => {
      const target = readOrigin(text)
      return target && originOf(target)
    }),
    ['https://api.example.com', 'http://h', 'wss://h', 'tcp://[::1]:1', 'tls://h:443'],
  )
})

test('what is no origin grants nothing', (t) => {
  const texts = [
    'tcp://db',
    'tcp://db:0',
    'tcp://db:70000',
    'db:3306',
    'ftp://db:21',
    'tcp://a@db:1',
    'https://a/b',
    'tcp://*:1',
    '',
  ]
  t.deepEqual(
    texts.map(readOrigin),
    texts.map(() => undefined),
  )
  const granted = new GrantedOrigins(texts)
  t.false(granted.has({ scheme: 'tcp', host: 'db', port: 3306 }))
})

test('a name that leads to metadata addresses only is not followed; others of its addresses are', async (t) => {
  const answers: Record<string, string[]> = {
    evil: ['169.254.169.254', 'fe80::1', '::ffff:169.254.169.254'],
    both: ['169.254.169.254', '10.0.0.1'],
  }
  const names = new NameLookup(async (host) =>
    (answers[host] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  )
  await t.throwsAsync(names.find('evil'), {
    code: 'ENOTFOUND',
    message: /leads to link-local or metadata addresses only/,
  })
  t.deepEqual(await names.find('both'), [{ address: '10.0.0.1', family: 4 }])
  t.deepEqual(await names.find('169.254.169.254'), [{ address: '169.254.169.254', family: 4 }])
})

test('two names are looked up at one time, the others wait, whatever becomes of them', async (t) => {
  let [running, most] = [0, 0]
  const names = new NameLookup(async (host) => {
    running++
    most = Math.max(most, running)
    await new Promise((resolve) => setTimeout(resolve, 2))
    running--
    if (host === 'bad') throw Object.assign(new Error('no'), { code: 'ENOTFOUND' })
    return [{ address: '10.0.0.1', family: 4 }]
  })
  const all = Array.from({ length: 20 }, (_, i) => names.find(i % 3 === 0 ? 'bad' : 'good'))
  const settled = await Promise.allSettled(all)
  t.is(settled.filter(({ status }) => status === 'fulfilled').length, 13)
  t.is(most, 2)
})
