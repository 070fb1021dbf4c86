// @title fetch of the granted origin with headers, methods and bodies that should split or move the request
// @class net-allowlist
// @grants net
// @network http://127.0.0.1:PORT
import { tryAll } from './_lib.mjs'
export default async ({ probe }) => {
  const url = `http://127.0.0.1:${probe.httpPort}/x`
  const ask = (init) => async () => `status ${(await fetch(url, init)).status}`
  let turns = 0
  return tryAll({
    host: ask({ headers: { host: `127.0.0.1:${probe.tcpPort}` } }),
    split: ask({ headers: { 'x-a': 'b\r\n\r\nGET / HTTP/1.1\r\nHost: evil\r\n' } }),
    splitName: ask({ headers: { 'x\r\nHost: evil': 'b' } }),
    proto: ask({ headers: JSON.parse('{"__proto__": "x", "constructor": "y"}') }),
    length: ask({
      method: 'POST',
      body: 'abc',
      headers: { 'content-length': '1', 'transfer-encoding': 'chunked' },
    }),
    upgrade: ask({ headers: { connection: 'upgrade', upgrade: 'websocket' } }),
    method: ask({ method: 'GET / HTTP/1.1\r\nHost: evil\r\n\r\nGET' }),
    connect: ask({ method: 'CONNECT' }),
    changing: ask({
      get headers() {
        return turns++ === 0 ? {} : { host: 'evil' }
      },
      get method() {
        return turns++ % 2 === 0 ? 'GET' : 'CONNECT'
      },
    }),
    many: ask({ headers: Array.from({ length: 1e5 }, (_, i) => [`x-${i}`, 'y']) }),
    huge: ask({ headers: { 'x-a': 'y'.repeat(1e7) } }),
    body: ask({ method: 'POST', body: 'y'.repeat(4e7) }),
    endless: ask({
      method: 'POST',
      duplex: 'half',
      body: new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65536)) }),
    }),
    unix: ask({ socketPath: probe.unixPath, path: probe.unixPath }),
    agent: ask({ dispatcher: { dispatch() {} }, agent: {} }),
    proxied: async () =>
      (
        await fetch(
          new Proxy(new URL(url), {
            get: (_, key) =>
              key === 'href' || key === 'toString'
                ? () => `http://127.0.0.1:${probe.tcpPort}/`
                : undefined,
          }),
        )
      ).status,
  })
}
