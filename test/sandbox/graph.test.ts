import test from 'ava'
import { entryOf } from '#test/worker/bundle.ts'
import { RuleThread } from '#test/worker/rule-thread.ts'

/**
 * Walks everything that leads from the globals, the context and an instance of each class, by properties, symbols,
 * prototypes and accessors, as a plugin's own code. Tells what is not frozen, and the names of all classes on the way.
 */
const walker = `
const instances = () => {
  const found = []
  const start = (controller) => { found.push(controller) }
  const bytes = new ReadableStream({ type: 'bytes', start })
  const readable = new ReadableStream({ start }), writable = new WritableStream({ start }), transform = new TransformStream({ start })
  found.push(readable, bytes, writable, transform, new ReadableStream().values())
  const reader = readable.getReader(), byob = bytes.getReader({ mode: 'byob' }), writer = writable.getWriter()
  found.push(reader, byob, writer, reader.closed, byob.read(new Uint8Array(8)), writer.ready)
  found.push(found[1].byobRequest)
  const abort = new AbortController()
  abort.signal.addEventListener('abort', () => {})
  found.push(abort, AbortSignal.any([abort.signal]), AbortSignal.abort(), AbortSignal.timeout(1e6))
  const target = new EventTarget()
  target.addEventListener('x', (event) => { found.push(event) })
  target.dispatchEvent(new Event('x'))
  found.push(target, new URL('http://a/?b=c'), new URL('http://a/?b=c').searchParams, Buffer.from('abc'), new TextDecoder(), new TextEncoder())
  found.push(setTimeout(() => {}, 1e6), setImmediate(() => {}), new Date(), new Intl.NumberFormat(), new Intl.DateTimeFormat())
  found.push(crypto.getRandomValues(new Uint8Array(2)), process.hrtime(), structuredClone(new Map([[1, {}]])))
  try { new URL('no url') } catch (error) { found.push(error) }
  try { require('fs') } catch (error) { found.push(error) }
  return found
}
const walk = (roots, seen) => {
  const todo = [...roots]
  while (todo.length > 0) {
    const [path, value] = todo.pop()
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue
    seen.set(value, path)
    for (const key of Reflect.ownKeys(value)) {
      const { get, set, value: part } = Reflect.getOwnPropertyDescriptor(value, key)
      const at = path + '.' + String(key)
      todo.push([at, part], [at + ':get', get], [at + ':set', set])
    }
    todo.push([path + '.[[Prototype]]', Object.getPrototypeOf(value)])
  }
  return seen
}
exports.walk = { exec(args, ctx) {
  const own = [globalThis, ctx.signal, walker, instances, walk]
  const globals = Reflect.ownKeys(globalThis).map((key) => [String(key), globalThis[key]])
  const fromGlobals = walk([...globals, ['ctx', ctx], ['require', require]], new Map(own.map((part) => [part, ''])))
  const once = walk(instances().map((instance, index) => ['#' + index, instance]), new Map())
  const twice = walk(instances().map((instance, index) => ['#' + index, instance]), new Map())
  const open = [], classes = new Set()
  const isOwn = (path) => path === '' || path.startsWith('ctx.signal')
  for (const [value, path] of fromGlobals) if (!isOwn(path) && !Object.isFrozen(value)) open.push(path)
  // What two sets of instances have in common, all plugins have.
  for (const [value, path] of twice) if (once.has(value) && !fromGlobals.has(value) && !Object.isFrozen(value)) open.push(path)
  for (const value of [...fromGlobals.keys(), ...twice.keys()]) if (typeof value === 'function') classes.add(value.name)
  return { count: fromGlobals.size + twice.size, open, classes: [...classes] }
} }
const walker = exports.walk
`

/** Classes of the runtime that are made in native code, or lead to it. None may be had. */
const forbidden =
  /^(MessagePort|MessageChannel|BroadcastChannel|Worker|FastBuffer|Blob|File|URLPattern|Timeout|Immediate|Performance.*|EventEmitter|Socket|Hash|KeyObject|CryptoKey|SubtleCrypto|Crypto|WeakReference|Process|Module|NodeEventTarget|SharedArrayBuffer|Compartment|NativeModule|BuiltinModule|AsyncLocalStorage|AsyncResource|TextDecoderStream|CompressionStream|Storage|Navigator|WebSocket|Response|Request)$/

test('everything that a plugin can reach is frozen, and nothing of it is made in native code of the runtime', async (t) => {
  const rule = new RuleThread({
    entry: await entryOf('sandboxed'),
    tier: 'sandboxed',
    sql: 'SELECT walk() AS found FROM demo',
    plugins: [{ kind: 'function', name: 'walk', text: walker }],
  })
  t.teardown(() => rule.end())
  await rule.open()
  const [row] = await rule.rows([{}])
  const { found } = row as { found: { count: number; open: string[]; classes: string[] } }
  t.true(found.count > 1200, `only ${found.count} objects were found`)
  t.deepEqual(found.open, [])
  t.deepEqual(
    found.classes.filter((name) => forbidden.test(name)),
    [],
  )
})
