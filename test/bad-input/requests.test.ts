import net from 'node:net'
import test from 'ava'
import { startProduct } from './product.ts'

test('bodies that cannot be read are refused with what is wrong, and the rule beside them goes on', async (t) => {
  t.timeout(300_000)
  const { request, goesOn } = await startProduct(t)
  const cases: readonly (readonly [string, string | undefined, number, string])[] = [
    ['{"id":', undefined, 400, 'the body is no JSON: Unexpected end of JSON input'],
    ['nope', undefined, 400, `the body is no JSON: Unexpected token 'o', "nope" is not valid JSON`],
    ['[['.repeat(200_000), undefined, 400, 'the body is no JSON: Unexpected end of JSON input'],
    ['', undefined, 400, 'the body is empty; it must be JSON'],
    [
      '{}',
      'application/xml',
      415,
      'content type "application/xml" is not understood; send application/json',
    ],
    ['{}', 'gargle', 415, 'the header content-type is no media type; send application/json'],
    [
      `{"sql":"${'x'.repeat(3e6)}"}`,
      undefined,
      413,
      'the body is too large; see option rest.bodyLimit',
    ],
  ]
  for (const [body, type, status, message] of cases) {
    const headers = type === undefined ? {} : { 'content-type': type }
    const answer = await request('POST', '/rules', body, headers)
    t.is(answer.status, status, message)
    t.is((answer.body as { message?: string }).message, message)
  }
  await goesOn()
})

test('hostile paths are answered as all others: found nowhere, too long, or no path at all', async (t) => {
  t.timeout(300_000)
  const { request, goesOn } = await startProduct(t)
  const long = 'a name in the path is too long; none has more than 200 characters'
  const cases: readonly (readonly [string, number, string])[] = [
    ['/rules/%2e%2e%2fstreams', 404, 'Describe rule error: Rule ../streams is not found.'],
    ['/rules/a%00b', 404, 'Describe rule error: Rule a\0b is not found.'],
    ['/streams/constructor', 404, 'Describe stream fails, constructor is not found'],
    ['/rules/__proto__', 404, 'Describe rule error: Rule __proto__ is not found.'],
    ['/rules/%', 400, 'the path /rules/% has an escape that is no UTF-8; see /docs'],
    ['/streams/%ff', 400, 'the path /streams/%ff has an escape that is no UTF-8; see /docs'],
    [`/rules/${'x'.repeat(600)}`, 414, long],
    [
      `/rules/${'x'.repeat(100_000)}`,
      431,
      'path and headers are too long; what is long goes into the body',
    ],
    ['/%2e%2e/etc/passwd', 404, 'no such path: /etc/passwd; see /docs'],
    ['/docs/..%2f..%2fpackage.json', 404, 'no such page: /docs/..%2f..%2fpackage.json; see /docs'],
    [
      '/metadata/sources/yaml/..%2f..%2fplutino',
      400,
      "id '../../plutino' contains invalid characters: only alphanumeric, hyphens and underscores are allowed",
    ],
    [
      '/plugins/functions/..%2f..%2fetc',
      404,
      'describe functions plugin ../../etc error: not found',
    ],
  ]
  for (const [path, status, message] of cases) {
    const answer = await request('GET', path)
    t.is(answer.status, status, path.slice(0, 60))
    t.is(answer.type, 'application/json')
    t.is((answer.body as { message?: string }).message, message)
  }
  await goesOn()
})

test('what is no HTTP is answered once and closed, and the rule beside it goes on', async (t) => {
  t.timeout(300_000)
  const { host, goesOn } = await startProduct(t)
  const port = Number(new URL(host.url).port)
  const say = (text: string) =>
    new Promise<string>((resolve) => {
      let heard = ''
      const socket = net.connect(port, '127.0.0.1', () => socket.write(text))
      socket.on('data', (bytes) => {
        heard += bytes
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(heard))
    })
  for (const [text, why] of [
    ['EHLO mail\r\n\r\n', 'Invalid method encountered'],
    ['\0\0\0\0', 'Invalid method encountered'],
    ['GET / HTTP/9.9\r\n\r\n', 'Invalid HTTP version'],
  ] as const) {
    const answer = await say(text)
    t.regex(answer, /^HTTP\/1\.1 400 Bad Request\r\n/)
    t.deepEqual(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), {
      error: 1000,
      message: `this is no HTTP request: Parse Error: ${why}`,
      code: 'bad-request',
    })
  }
  await goesOn()
})
