// biome-ignore-all lint/suspicious/noThenProperty: that is the attack
// @title results that answer differently each time they are asked: getters, proxies, thenables, iterators, conversions
// @class host-input
import { sleep } from './_lib.mjs'
export default async () => {
  let turns = 0
  const changing = {
    get then() {
      return turns++ % 2 === 0 ? undefined : (resolve) => resolve({ polluted: true })
    },
    get toJSON() {
      return turns++ > 3 ? () => ({ __proto__: { polluted: 1 } }) : undefined
    },
    get length() {
      return turns++ % 3 === 0 ? 2 ** 32 : 1
    },
    [Symbol.iterator]: () => ({ next: () => ({ done: turns++ > 1e5, value: turns }) }),
    [Symbol.toPrimitive]: () => `${turns++}`,
  }
  const proxied = new Proxy(
    {},
    {
      ownKeys: () => (turns++ % 2 === 0 ? ['a'] : ['__proto__', 'constructor', 'polluted']),
      getOwnPropertyDescriptor: (_, key) => ({
        value: key === 'constructor' ? { prototype: { polluted2: 1 } } : turns++,
        enumerable: true,
        configurable: true,
        writable: true,
      }),
      get: (_, key) => (key === 'then' ? undefined : { polluted: key }),
      getPrototypeOf: () => (turns++ % 2 === 0 ? Array.prototype : Date.prototype),
    },
  )
  const fakes = [
    Object.create(Date.prototype),
    Object.create(Uint8Array.prototype),
    Object.create(Map.prototype),
    Object.create(Promise.prototype),
    Object.create(Error.prototype),
  ]
  const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, proxied]))
  await sleep(5)
  return { changing, proxied, fakes, wide, nested: [changing, [proxied, [fakes]]] }
}
