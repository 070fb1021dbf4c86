import { connect } from 'node:net'
import test from 'ava'
import { makeServer } from '#test/fixtures/server.ts'

test('the root tells version and load, as Kuiper does', async (t) => {
  const { request } = await makeServer(t)
  for (const method of ['GET', 'POST']) {
    const { status, body } = await request(method, '/')
    t.is(status, 200)
    t.deepEqual(Object.keys(Object(body)), [
      'version',
      'os',
      'arch',
      'upTimeSeconds',
      'cpuUsage',
      'memoryUsed',
      'memoryTotal',
    ])
  }
  t.deepEqual(await request('GET', '/ping'), { status: 200, type: '', body: '' })
  t.like((await request('GET', '/health')).body, { degraded: false })
})

test('an unknown path is 404, a wrong method 405 with those that there are', async (t) => {
  const { request } = await makeServer(t)
  t.deepEqual(await request('GET', '/no/such/path'), {
    status: 404,
    type: 'application/json',
    body: { error: 1002, message: 'no such path: /no/such/path; see /docs', code: 'not-found' },
  })
  t.deepEqual(await request('DELETE', '/streams'), {
    status: 405,
    type: 'application/json',
    body: {
      error: 1000,
      message: 'DELETE is not allowed on /streams; there is GET, POST',
      code: 'method-not-allowed',
    },
  })
})

test('log and time zone are changed while the server runs', async (t) => {
  const { request } = await makeServer(t)
  t.is((await request('PATCH', '/configs', { logLevel: 'debug', timezone: 'UTC' })).status, 204)
  const refusals: [unknown, string, string][] = [
    [{ timezone: 'No/Where' }, 'Invalid TZ: unknown time zone No/Where', 'bad-option'],
    [
      { logLevel: 'shout' },
      '"logLevel" must be one of "debug", "info", "warn", "error"',
      'bad-body',
    ],
    [
      { loglevel: 'info' },
      'unknown key "loglevel" in the body; did you mean "logLevel"?',
      'bad-body',
    ],
    [{ debug: 'yes' }, '"debug" must be a boolean', 'bad-body'],
    [[], 'the body must be an object', 'bad-body'],
  ]
  for (const [body, message, code] of refusals) {
    t.deepEqual(await request('PATCH', '/configs', body), {
      status: 400,
      type: 'application/json',
      body: { error: 1000, message, code },
    })
  }
})

test('bodies are read as JSON whatever a client of Kuiper calls them', async (t) => {
  const { request } = await makeServer(t)
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
    const { status } = await request('PATCH', '/configs', '{"debug":false}', {
      'content-type': type,
    })
    t.is(status, 204, type)
  }
})

test('a body without content type is read as JSON', async (t) => {
  const { server } = await makeServer(t)
  const body = '{"debug":false}'
  const answer = await raw(
    server.port,
    `PATCH /configs HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  t.true(answer.startsWith('HTTP/1.1 204 '), answer)
})

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
  })
}

test('a body that cannot be read is refused with what is wrong', async (t) => {
  const { request } = await makeServer(t, { yaml: 'rest:\n  bodyLimit: 2048\n' })
  const cases: [unknown, Record<string, string>, number, object][] = [
    [
      '{bad',
      {},
      400,
      {
        error: 1000,
        message:
          "the body is no JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
        code: 'bad-json',
      },
    ],
    ['', {}, 400, { error: 1000, message: 'the body is empty; it must be JSON', code: 'bad-json' }],
    [
      undefined,
      {},
      400,
      { error: 1000, message: 'the body is empty; it must be JSON', code: 'bad-json' },
    ],
    [
      '<a/>',
      { 'content-type': 'application/xml' },
      415,
      {
        error: 1000,
        message: 'content type "application/xml" is not understood; send application/json',
        code: 'bad-content-type',
      },
    ],
    [
      { id: 'x'.repeat(3000) },
      {},
      413,
      {
        error: 1000,
        message: 'the body is too large; see option rest.bodyLimit',
        code: 'too-large',
      },
    ],
  ]
  for (const [body, headers, status, answer] of cases) {
    t.deepEqual(await request('POST', '/rules', body, headers), {
      status,
      type: 'application/json',
      body: answer,
    })
  }
})

test('a web page of another origin may not call the server, unless it is listed', async (t) => {
  const { request } = await makeServer(t, {
    yaml: 'rest:\n  allowedOrigins: ["https://ops.example"]\n',
  })
  t.deepEqual(await request('GET', '/rules', undefined, { origin: 'https://evil.example' }), {
    status: 403,
    type: 'application/json',
    body: {
      error: 1000,
      message:
        'web origin https://evil.example may not call this server; https://evil.example in option rest.allowedOrigins would allow it',
      code: 'not-allowed',
    },
  })
  t.is((await request('GET', '/rules', undefined, { origin: 'https://ops.example' })).status, 200)
})

test('a server for this machine only answers to no name that a page could have pointed here', async (t) => {
  const { server } = await makeServer(t, {
    yaml: 'rest:\n  allowedOrigins: ["https://ops.example"]\n',
  })
  const get = (host: string) =>
    raw(server.port, `GET /ping HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  for (const host of ['localhost:9081', '127.0.0.1', '[::1]:80', 'gateway', 'ops.example']) {
    t.true((await get(host)).startsWith('HTTP/1.1 200 '), host)
  }
  const refused = await get('evil.example:9081')
  t.true(refused.startsWith('HTTP/1.1 403 '))
  t.true(
    refused.includes(
      'this server is not called evil.example:9081; http://evil.example:9081 in option',
    ),
  )
})

test('stopping over REST is off, and an option turns it on', async (t) => {
  const off = await makeServer(t)
  t.deepEqual(await off.request('POST', '/stop'), {
    status: 403,
    type: 'application/json',
    body: {
      error: 1000,
      message: 'stopping over REST is off; option rest.stopEndpoint turns it on',
      code: 'not-allowed',
    },
  })
  const on = await makeServer(t, { yaml: 'rest:\n  stopEndpoint: true\n' })
  t.is((await on.request('POST', '/stop')).status, 200)
  await t.notThrowsAsync(on.server.stopRequested)
})

test('the API describes itself', async (t) => {
  const { request } = await makeServer(t)
  const { body } = await request('GET', '/docs/json')
  const paths = Object.keys(Object(Object(body).paths))
  for (const path of [
    '/streams',
    '/rules/{id}/status',
    '/metadata/sources/{type}/confKeys/{key}',
  ]) {
    t.true(paths.includes(path), path)
  }
  const page = await request('GET', '/docs/static/index.html')
  t.is(page.status, 200)
  t.regex(String(page.body), /swagger-ui/)
  t.is((await request('GET', '/docs')).status, 200)
})
