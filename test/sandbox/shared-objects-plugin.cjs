// Collects in `exports.found` what a plugin can get hold of: globals, context, modules, one instance of each class, and
// what all functions among them return, throw, reject with or hand to a callback when they are called the wrong way.
const modules = {
  assert: require('node:assert'),
  async_hooks: require('node:async_hooks'),
  buffer: require('node:buffer'),
  crypto: require('node:crypto'),
  diagnostics_channel: require('node:diagnostics_channel'),
  events: require('node:events'),
  http: require('node:http'),
  net: require('node:net'),
  os: require('node:os'),
  path: require('node:path'),
  perf_hooks: require('node:perf_hooks'),
  punycode: require('node:punycode'),
  querystring: require('node:querystring'),
  stream: require('node:stream'),
  streamPromises: require('node:stream/promises'),
  streamWeb: require('node:stream/web'),
  string_decoder: require('node:string_decoder'),
  timers: require('node:timers'),
  tls: require('node:tls'),
  url: require('node:url'),
  util: require('node:util'),
  zlib: require('node:zlib'),
}
const found = []
let hasBegun = false
exports.run = {
  exec(_args, ctx) {
    if (!hasBegun)
      collect(ctx).then(
        () => {
          exports.found = found
        },
        (error) => {
          exports.failed = `${error.message}`
        },
      )
    hasBegun = true
    return exports.failed ?? (exports.found ? 'done' : 'pending')
  },
}

/** Of things of one kind a few are enough. */
const known = new Map()
const keep = (path, value) => {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value
  const kind = Object.getPrototypeOf(value)
  const count = known.get(kind) ?? 0
  known.set(kind, count + 1)
  if (count < 400 || typeof value === 'function') found.push([path, value])
  return value
}

const caught = (path, run) => {
  try {
    const value = keep(path, run())
    if (value instanceof Promise)
      value.then(
        (it) => keep(path, it),
        (error) => keep(`${path} rejects ${error?.code}`, error),
      )
  } catch (error) {
    keep(`${path} throws ${error?.code}`, error)
  }
}

function instances() {
  const made = []
  const start = (controller) => {
    made.push(controller)
  }
  const bytes = () => new ReadableStream({ type: 'bytes', start })
  made.push(
    new ReadableStream({ start }),
    bytes(),
    new WritableStream({ start }),
    new TransformStream({ start }),
  )
  made.push(
    new ReadableStream().getReader(),
    bytes().getReader({ mode: 'byob' }),
    new WritableStream().getWriter(),
  )
  const asked = bytes()
  const byob = asked.getReader({ mode: 'byob' })
  byob.read(new Uint8Array(4)).catch(() => {})
  made.push(
    asked,
    byob,
    made[made.length - 1].byobRequest,
    ReadableStream.from([1]),
    new ReadableStream().values(),
  )
  const abort = new AbortController()
  made.push(
    abort,
    abort.signal,
    AbortSignal.any([abort.signal]),
    AbortSignal.abort(),
    AbortSignal.abort().reason,
  )
  made.push(new EventTarget(), new Event('x'), new CountQueuingStrategy({ highWaterMark: 1 }))
  made.push(
    new ByteLengthQueuingStrategy({ highWaterMark: 1 }),
    new URL('http://a/?b'),
    new URLSearchParams('a=b'),
  )
  made.push(
    new TextEncoder(),
    new TextDecoder(),
    Buffer.from('abc'),
    new Headers(),
    new Response('x'),
  )
  made.push(
    new Request('http://127.0.0.1:1/'),
    setTimeout(() => {}, 1e6),
    setImmediate(() => {}),
  )
  made.push(
    modules.crypto.createHash('sha1'),
    modules.crypto.createHmac('sha1', 'k'),
    modules.zlib.createGzip(),
  )
  made.push(
    new modules.async_hooks.AsyncLocalStorage(),
    new modules.events.EventEmitter(),
    new Intl.NumberFormat(),
  )
  made.push(
    new Date(),
    new Map(),
    new Set(),
    /x/,
    new WeakMap(),
    new Uint8Array(4),
    new ArrayBuffer(8),
    (function* () {})(),
  )
  return made.filter((value) => value !== undefined && value !== null)
}

/** Two values that each callback, option and argument may be, of every kind. */
const junk = () => [
  [],
  [1],
  [-1],
  ['x'],
  [{}],
  [null, null],
  [Symbol('s')],
  ['x', 'y', 'z'],
  [() => {}],
  [{}, { highWaterMark: -1 }],
  [{ mode: 'x' }],
  [{ type: 'x' }],
  [{ type: 'bytes', autoAllocateChunkSize: -1 }],
  ['x', () => {}, { signal: {} }],
  [new Uint8Array(2), { min: 9 }],
  [new ReadableStream()],
  [
    {
      start() {
        throw new Error('own')
      },
    },
  ],
  [{ highWaterMark: 1 }, 'x'],
  [1e9],
  [{ readable: {}, writable: {} }],
  [new WritableStream(), { signal: 1 }],
  [{ readableType: 'x' }],
  [{ writableType: 'x' }],
  ['http://a/', 'x'],
  [new Event('x')],
  [{}, { size: () => -1 }],
]

/** Calls what would not end, or is told to the host. */
const left = new Set([
  exports.run.exec,
  setInterval,
  globalThis.console,
  process.nextTick,
  queueMicrotask,
])

async function collect(ctx) {
  for (const key of Reflect.ownKeys(globalThis)) keep(`global ${String(key)}`, globalThis[key])
  keep('ctx', ctx)
  keep('require', require)
  for (const [name, module] of Object.entries(modules)) keep(`module ${name}`, module)
  const holders = new Map()
  const own = new Set([globalThis, ...left])
  const add = (value, path, depth) => {
    if (
      (typeof value !== 'object' && typeof value !== 'function') ||
      value === null ||
      own.has(value) ||
      holders.has(value)
    )
      return
    holders.set(value, path)
    if (depth === 0) return
    for (const key of Reflect.ownKeys(value)) {
      const described = Reflect.getOwnPropertyDescriptor(value, key)
      for (const part of [described.value, described.get, described.set])
        add(part, `${path}.${String(key)}`, depth - 1)
    }
    add(Object.getPrototypeOf(value), `${path}^`, depth)
  }
  const subjects = instances()
  for (const subject of subjects)
    keep(`instance ${Object.prototype.toString.call(subject)}`, subject)
  for (const key of Reflect.ownKeys(globalThis)) add(globalThis[key], String(key), 3)
  for (const subject of subjects) add(subject, Object.prototype.toString.call(subject), 2)
  add(ctx, 'ctx', 2)
  const ofPath = (it) => Object.prototype.toString.call(it)
  const holds = (it, path) =>
    path.startsWith(ofPath(it)) || path.startsWith(ofPath(it).slice(8, -1))
  let turn = 0
  const calls = [...holders].filter(([value]) => typeof value === 'function')
  for (const [call, path] of calls) {
    if (/^(console|process|setInterval|ctx\.logger)/.test(path)) continue
    for (const args of junk()) {
      caught(`${path}()`, () => Reflect.apply(call, undefined, args))
      if (/^[A-Z]/.test(call.name)) caught(`new ${path}`, () => Reflect.construct(call, args))
    }
    if (/^(Array|String|Object|Reflect|Math|JSON|Promise)\b/.test(path)) continue
    for (const subject of subjects.filter((it) => holds(it, path))) {
      for (const args of junk().slice(0, 8))
        caught(`${path}.call()`, () => Reflect.apply(call, subject, args))
    }
    if (++turn % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 0))
  }
  await streams()
  await events()
  for (const [name, module] of Object.entries(modules)) {
    for (const key of Object.keys(module)) {
      if (typeof module[key] !== 'function') continue
      for (const args of [[], ['x'], [{}], [1, 'x', () => {}]])
        caught(`${name}.${key}()`, () => Reflect.apply(module[key], module, args))
    }
  }
  for (const url of ['nothing', 'http://[']) caught('URL', () => new URL(url))
  caught('TextDecoder', () =>
    new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255])),
  )
  caught('atob', () => atob('*'))
  caught('btoa', () => btoa('\u{1f600}'))
  caught('structuredClone', () => structuredClone(() => {}))
  caught('random', () => crypto.getRandomValues(new Uint8Array(70_000)))
  caught('gunzip', () => modules.zlib.gunzipSync(Buffer.from('x')))
  caught('require', () => require(['f', 's'].join('')))
  caught('putState', () => ctx.putState('x', () => {}))
  caught('native', () => null.x)
  caught('stack', () => {
    const deep = () => deep()
    deep()
  })
  caught('fetch', () => fetch('http://127.0.0.1:1/'))
  caught('connect', () => ctx.connect({ host: '127.0.0.1', port: 1 }))
  caught('files', () => ctx.files.read('../x'))
  caught('secrets', () => ctx.secrets.get('x'))
  await new Promise((resolve) => setTimeout(resolve, 50))
}

/** Errors that arise within streams, and go to promises and callbacks. */
async function streams() {
  const kept = (name) => (value) => {
    keep(name, value)
  }
  const source = { cancel: kept('cancel') }
  const sink = { abort: kept('abort') }
  const broken = new WritableStream({
    write() {
      throw new Error('own')
    },
  })
  caught('pipe', () =>
    new ReadableStream({ ...source, start: (it) => it.enqueue(1) }).pipeTo(broken),
  )
  const closed = new WritableStream(sink)
  closed.close().catch(() => {})
  caught('pipe', () =>
    new ReadableStream({ ...source, start: (it) => it.enqueue(1) }).pipeTo(closed),
  )
  const reader = new ReadableStream(source).getReader()
  caught('read', () => reader.read())
  caught('closed', () => reader.closed)
  reader.releaseLock()
  const writer = new WritableStream(sink).getWriter()
  for (const name of ['closed', 'ready']) caught(name, () => writer[name])
  writer.releaseLock()
  caught('write', () => writer.write(1))
  const transform = new TransformStream({ transform: (_, it) => it.terminate() })
  caught('terminate', () => transform.writable.getWriter().write(1))
  caught('terminated', () => transform.writable.getWriter().closed)
  const aborted = AbortSignal.abort()
  caught('aborted', () =>
    new ReadableStream(source).pipeTo(new WritableStream(sink), { signal: aborted }),
  )
  caught('from', () =>
    ReadableStream.from({
      async *[Symbol.asyncIterator]() {
        yield 1
        throw new Error('own')
      },
    })
      .getReader()
      .read(),
  )
  caught('from', () => ReadableStream.from({ [Symbol.iterator]: () => 1 }))
  caught('from', () =>
    ReadableStream.from({ [Symbol.asyncIterator]: () => ({ next: () => 1 }) })
      .getReader()
      .read(),
  )
  await new Promise((resolve) => setTimeout(resolve, 20))
}

async function events() {
  const target = new EventTarget()
  const event = new Event('x')
  target.addEventListener('x', () => caught('recursion', () => target.dispatchEvent(event)))
  target.dispatchEvent(event)
}
