import { createServer } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'

const probes = new ProbeCell()
test.after.always(() => probes.close())

const head = `const http = require('node:http'), https = require('https')
const ask = (url, options = {}, body) => new Promise((resolve, reject) => {
  const request = http.request(url, options, (answer) => {
    let text = ''
    answer.setEncoding('utf8')
    answer.on('data', (part) => { text += part })
    answer.on('end', () => resolve({ status: answer.statusCode, text, type: answer.headers['content-type'], cookies: answer.headers['set-cookie'] }))
    answer.on('error', reject)
  })
  request.on('error', reject)
  request.end(body)
})`

async function echo(t: ExecutionContext): Promise<string> {
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part) => {
      text += part
    })
    request.on('end', () => {
      if (request.url === '/cut') {
        response.writeHead(200, { 'content-length': 100 })
        response.write('abc')
        setTimeout(() => response.destroy(), 50)
        return
      }
      if (request.url === '/silent') return
      const { 'x-own': own, authorization } = request.headers
      response.writeHead(202, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] })
      response.end(JSON.stringify([request.method, request.url, text, own, authorization]))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

test('http.request asks as Node’s does, over what was granted to fetch', async (t) => {
  const origin = await echo(t)
  const answer = await probes.run(t, {
    packs: true,
    head,
    powers: { network: [origin] },
    props: { origin },
    body: `
      const { hostname, port } = new URL(props.origin)
      const posted = await ask(props.origin + '/a?b', { method: 'POST', headers: { 'X-Own': 'yes' }, auth: 'u:p' }, 'hello')
      const got = await new Promise((resolve) => http.get({ hostname, port, path: '/get' }, (answer) => {
        const parts = []
        answer.on('data', (part) => parts.push(part)).on('end', () => resolve(Buffer.concat(parts).toString()))
      }))
      return { posted, got }`,
  })
  t.deepEqual(answer, {
    posted: {
      ...{ status: 202, type: 'application/json', cookies: ['a=1', 'b=2'] },
      text: '["POST","/a?b","hello","yes","Basic dTpw"]',
    },
    got: '["GET","/get","",null,null]',
  })
})

test('http.request reports what goes wrong as errors of the request', async (t) => {
  const origin = await echo(t)
  const answer = await probes.run(t, {
    packs: true,
    head,
    powers: { network: [origin] },
    props: { origin },
    body: `
      const code = (...given) => ask(...given).then(() => 'answered', (error) => error.code)
      const late = await new Promise((resolve) => {
        const request = http.get(props.origin + '/silent', { timeout: 100 })
        request.on('timeout', () => request.destroy())
        request.on('error', (error) => resolve(error.code))
      })
      const unchecked = await new Promise((resolve) => {
        https.get('https://127.0.0.1/', { rejectUnauthorized: false }).on('error', (error) => resolve(error.code))
      })
      let listens
      try { http.createServer() } catch (error) { listens = error.code }
      return [await code('http://127.0.0.1:1/'), await code(props.origin + '/cut'), late, unchecked, listens]`,
  })
  t.deepEqual(answer, [
    'ERR_PLUGIN_DENIED',
    'ECONNRESET',
    'ECONNRESET',
    'ERR_PLUGIN_DENIED',
    'ERR_PLUGIN_DENIED',
  ])
})
