// @title change the classes and prototypes of everything that facades hand out, as seen by whoever gets the next one
// @class tamper
// @grants fs
// @network http://127.0.0.1:PORT
import { said, sleep } from './_lib.mjs'
export default async ({ probe, context }) => {
  const url = `http://127.0.0.1:${probe.httpPort}/`
  const make = async () => {
    const all = []
    const keep = async (run) => {
      try {
        all.push(await Promise.race([run(), sleep(800)]))
      } catch (error) {
        all.push(error)
      }
    }
    await keep(() => fetch(url))
    await keep(async () => (await fetch(url)).headers)
    await keep(async () => (await fetch(url)).body)
    await keep(() => fetch('http://127.0.0.1:1/'))
    await keep(() => context.files.write('a', 'x'))
    await keep(() => context.files.stat('a'))
    await keep(() => context.files.list(''))
    await keep(() => context.files.read('a'))
    await keep(() => context.files.read('../a'))
    await keep(() => context.files.readStream('a'))
    await keep(() => context.secrets.get('a'))
    await keep(() => context.connect({ host: '127.0.0.1', port: probe.tcpPort }))
    await keep(() => new Response('x').clone())
    await keep(() => new Request(url))
    await keep(() => new ReadableStream().getReader())
    await keep(() => new URL('nothing'))
    await keep(() => structuredClone(() => {}))
    await keep(() => context.putState(1, 1))
    await keep(() => AbortSignal.any([1]))
    await keep(() => new EventTarget().dispatchEvent({}))
    await keep(() => new ReadableStream({ type: 'x' }))
    await keep(() => ReadableStream.prototype.getReader.call({}))
    await keep(() => AbortSignal.prototype.throwIfAborted.call({}))
    await keep(() => new TextDecoder('none'))
    await keep(() => context.signal.addEventListener())
    return all
  }
  const reach = (value) => {
    const found = []
    for (
      let at = value;
      at !== null && (typeof at === 'object' || typeof at === 'function') && found.length < 40;
      at = Object.getPrototypeOf(at)
    ) {
      if (at !== value) found.push(at)
      for (const key of Reflect.ownKeys(at)) {
        const described = Reflect.getOwnPropertyDescriptor(at, key)
        for (const part of [described.value, described.get, described.set])
          if (typeof part === 'function' || key === 'constructor') found.push(part)
      }
    }
    return found
  }
  const mine = new Set()
  let tried = 0
  for (const value of await make()) {
    for (const part of reach(value)) {
      if ((typeof part !== 'object' && typeof part !== 'function') || part === null) continue
      tried++
      try {
        Object.defineProperty(part, 'poisoned', { value: true, configurable: true })
        mine.add(part)
      } catch {}
    }
  }
  const shared = []
  for (const value of await make()) {
    try {
      if (value.poisoned === true || value.constructor?.poisoned === true) shared.push(said(value))
    } catch {}
  }
  return shared.length > 0
    ? { same: `poisoned: ${shared.join(', ')}`.slice(0, 150), tried }
    : { tried, own: mine.size }
}
