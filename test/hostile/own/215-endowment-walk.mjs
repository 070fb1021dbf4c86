// @title walk everything that the context and the facades lead to: nothing of the host, of Node's C++, or that can be changed
// @class realm
// @grants fs
// @network http://127.0.0.1:PORT

import crypto from 'node:crypto'
import net from 'node:net'
import zlib from 'node:zlib'
import { sleep } from './_lib.mjs'

const wanted =
  /^(MessagePort|MessageChannel|BroadcastChannel|Worker|FastBuffer|Blob|URLPattern|Timeout|Immediate|TCP|TLSWrap|Pipe|SubtleCrypto|Process|process|Module|NodeEventTarget|SharedArrayBuffer|Compartment|NativeModule|BuiltinModule|FacadePort|SocketLink|SocketLinks|Pace|PluginHost|HostClient|ExtensionState|PluginLog)$/
export default async ({ probe, context }) => {
  const roots = [
    context,
    fetch,
    Headers,
    Request,
    Response,
    net,
    crypto,
    zlib,
    Buffer,
    process,
    console,
    globalThis,
  ]
  const keep = async (run) => {
    try {
      roots.push(await Promise.race([run(), sleep(800)]))
    } catch (error) {
      roots.push(error)
    }
  }
  await keep(() => fetch(`http://127.0.0.1:${probe.httpPort}/`))
  await keep(async () => (await fetch(`http://127.0.0.1:${probe.httpPort}/`)).body.getReader())
  await keep(() => context.files?.folder('private'))
  await keep(() => context.files?.list(''))
  await keep(() => context.files?.readStream('x')[Symbol.asyncIterator]())
  await keep(() => context.connect?.({ host: '127.0.0.1', port: 1 }))
  await keep(() => net.connect(1, '127.0.0.1').on('error', () => {}))
  await keep(() => crypto.createHash('sha1').update('a').copy())
  await keep(() => crypto.createHmac('sha1', 'a'))
  await keep(() => zlib.createGzip())
  await keep(() => setTimeout(() => {}, 1))
  const seen = new Set()
  const names = new Set()
  const todo = [...roots]
  while (todo.length > 0 && seen.size < 200_000) {
    const value = todo.pop()
    if (
      (typeof value !== 'object' && typeof value !== 'function') ||
      value === null ||
      seen.has(value)
    )
      continue
    seen.add(value)
    try {
      if (typeof value === 'function') names.add(value.name)
      names.add(Object.prototype.toString.call(value).slice(8, -1))
      todo.push(Object.getPrototypeOf(value))
      for (const key of Reflect.ownKeys(value)) {
        const { value: part, get, set } = Reflect.getOwnPropertyDescriptor(value, key)
        todo.push(part, get, set)
        if (get !== undefined) {
          try {
            todo.push(value[key])
          } catch (error) {
            todo.push(error)
          }
        }
      }
    } catch {}
  }
  const found = [...names].filter((name) => wanted.test(name))
  const code = []
  for (const value of seen) {
    if (typeof value !== 'function') continue
    try {
      const made = value.constructor?.(
        'return [typeof SharedArrayBuffer, typeof process?.binding, typeof process?.kill, typeof require].join()',
      )
      const text = typeof made === 'function' ? made() : ''
      if (/^function|,function/.test(String(text))) code.push(text)
    } catch {}
  }
  if (found.length > 0)
    return { same: `reached ${found.join(' ')}`.slice(0, 150), count: seen.size }
  return code.length > 0
    ? { owned: `start realm: ${code[0]}`, count: seen.size }
    : { count: seen.size }
}
