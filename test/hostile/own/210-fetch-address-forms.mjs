// @title addresses that look like the granted origin to one reader and like another to the next
// @class net-allowlist
// @grants net
// @network http://127.0.0.1:PORT
import net from 'node:net'
import { tryAll } from './_lib.mjs'
export default async ({ probe, context }) => {
  const [H, T] = [probe.httpPort, probe.tcpPort]
  const forms = [
    `http://127.0.0.1:${T}\\@127.0.0.1:${H}/`,
    `http://127.0.0.1:${H}:${T}/`,
    `http://127.0.0.1:${H}#@127.0.0.1:${T}/`,
    `http://127.0.0.1:${H}\t@127.0.0.1:${T}/`,
    `http://0:${T}/`,
    `http://127.1:${T}/`,
    `http://0x7f.1:${T}/`,
    `http://①②⑦.0.0.1:${T}/`,
    `http://127.0.0.1.:${T}/`,
    `http://[::1]:${T}/`,
    `//127.0.0.1:${T}/`,
    `http:127.0.0.1:${T}`,
    `HTTP://127.0.0.1:0${T}/`,
    `http://127.0.0.1:${T + 65536}/`,
    `https://127.0.0.1:${T}/`,
    `file://${probe.secretFile}`,
    `data:text/plain,x`,
    `blob:${probe.blobUrl}`,
  ]
  const fetches = Object.fromEntries(
    forms.map((form) => [form.slice(0, 60), async () => `status ${(await fetch(form)).status}`]),
  )
  const connects = {
    object: () => context.connect?.({ host: { toString: () => '127.0.0.1' }, port: T }),
    port: () => context.connect?.({ host: '127.0.0.1', port: `${T}` }),
    origin: () => context.connect?.({ host: `127.0.0.1:${H}@127.0.0.1`, port: T }),
    unix: () => context.connect?.({ path: probe.unixPath, host: '127.0.0.1', port: H }),
    net: () =>
      new Promise((resolve, reject) =>
        net
          .connect(
            { port: T, host: '127.0.0.1', lookup: (_n, _o, done) => done(null, '127.0.0.1', 4) },
            resolve,
          )
          .on('error', reject),
      ),
    path: () =>
      new Promise((resolve, reject) =>
        net.connect({ path: probe.unixPath }, resolve).on('error', reject),
      ),
    fd: () =>
      new Promise((resolve, reject) =>
        new net.Socket({ fd: 3 })
          .on('error', reject)
          .on('data', (data) => resolve(String(data)))
          .resume(),
      ),
    listen: () =>
      new Promise((resolve, reject) => net.createServer().on('error', reject).listen(0, resolve)),
  }
  return tryAll({ ...fetches, ...connects }, 500)
}
