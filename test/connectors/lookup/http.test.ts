import { NotConnected, Retryable } from '@plutino/sdk'
import test, { type ExecutionContext } from 'ava'
import { HttpLookup } from '#host/cell/connectors/lookup/http.ts'
import { LookupThread } from '#host/cell/connectors/lookup/lookup-thread.ts'
import { serve } from '#test/fixtures/http.ts'
import { lookupContext } from './context.ts'

test('with a column in the url each key is a request, encoded, a few at a time', async (t) => {
  const seen: string[] = []
  let [away, most] = [0, 0]
  const url = await serve(t, (request, response) => {
    seen.push(request.url ?? '')
    most = Math.max(most, ++away)
    setTimeout(() => {
      away--
      response.end(JSON.stringify({ id: 'a/b', name: 'slash' }))
    }, 20)
  })
  const table = await opened(t, '/devices/{{.id}}', { url })
  const many = Array.from({ length: 30 }, () => ['a/b'])
  const found = await table.lookup(['id'], many)
  t.is(found.length, 30)
  t.deepEqual(found[0], [{ id: 'a/b', name: 'slash' }])
  t.is(seen[0], '/devices/a%2Fb')
  t.true(most > 1 && most <= 8, `${most} at once`)
})

test('without a column one request brings all rows, and each key takes its own', async (t) => {
  let requests = 0
  const url = await serve(t, (_request, response) => {
    requests++
    response.end(JSON.stringify([{ id: 1, n: 'x' }, { id: 2, n: 'y' }, { id: 1, n: 'z' }, 7, {}]))
  })
  const table = await opened(t, '/all', { url })
  t.deepEqual(await table.lookup(['id'], [[1], [3], [2]]), [
    [
      { id: 1, n: 'x' },
      { id: 1, n: 'z' },
    ],
    [],
    [{ id: 2, n: 'y' }],
  ])
  t.is(requests, 1)
})

test('method, headers and body are sent as they are written, with keys as JSON text', async (t) => {
  let got: unknown
  const url = await serve(t, async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const { method, headers } = request
    got = [method, headers['x-site'], headers['content-type'], Buffer.concat(parts).toString()]
    response.end('[{"ok": true}]')
  })
  const table = await opened(t, '', {
    url,
    method: 'post',
    headers: { 'X-Site': '{{ .site }}' },
    body: '{"device": "{{.id}}"}',
  })
  t.deepEqual(await table.lookup(['id', 'site'], [['say "hi"', 'north']]), [[{ ok: true }]])
  t.deepEqual(got, ['POST', 'north', 'application/json', '{"device": "say \\"hi\\""}'])
})

test('what a service does not know has no rows; what may be better later is told from what will not', async (t) => {
  const url = await serve(t, (request, response) => {
    response.statusCode = Number(request.url?.slice(1))
    response.end('no')
  })
  const table = await opened(t, '/{{.id}}', { url })
  t.deepEqual(await table.lookup(['id'], [[404]]), [[]])
  await t.throwsAsync(table.lookup(['id'], [[503]]), { instanceOf: Retryable, message: /503 no/ })
  await t.throwsAsync(table.lookup(['id'], [[403]]), { instanceOf: Error, message: /403 no/ })
  await t.throwsAsync(table.lookup(['id'], [[200]]), { message: /answered no JSON: no/ })
  const nobody = await opened(t, '/', { url: 'http://127.0.0.1:1' })
  await t.throwsAsync(nobody.lookup(['id'], [[1]]), { instanceOf: NotConnected })
})

test('an answer that does not end, or does not come, is an error in time', async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url === '/big') response.end(`[${'"x",'.repeat(500)}1]`)
  })
  const big = await opened(t, '/big', { url, maxResponseBytes: 1000 })
  await t.throwsAsync(big.lookup(['id'], [[1]]), { message: /more than 1000 bytes/ })
  const silent = await opened(t, '/silent', { url, timeout: 200 })
  await t.throwsAsync(silent.lookup(['id'], [[1]]), {
    instanceOf: NotConnected,
    message: /timeout/,
  })
})

test('a template that names no key is refused or fails by name', async (t) => {
  const bad = (props: object) => () =>
    new HttpLookup(new LookupThread()).configure({
      datasource: '',
      props: { ...props },
      key: undefined,
    })
  t.throws(bad({ url: 'ftp://x' }), { message: /http or https address/ })
  t.throws(bad({ url: 'http://x/{{upper .id}}' }), { message: /only \{\{\.column\}\}/ })
  const table = await opened(t, '/{{.nosuch}}', { url: 'http://127.0.0.1:1' })
  await t.throwsAsync(table.lookup(['id'], [[1]]), { message: /there is \{\{\.id\}\}/ })
})

async function opened(
  t: ExecutionContext,
  datasource: string,
  props: Readonly<Record<string, unknown>>,
): Promise<HttpLookup> {
  const table = new HttpLookup(new LookupThread())
  table.configure({ datasource, props, key: undefined })
  await table.open(lookupContext())
  t.teardown(() => table.close())
  return table
}
