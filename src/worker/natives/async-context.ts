import { AsyncLocalStorage } from 'node:async_hooks'

const Storage = AsyncLocalStorage

/** `plutino:async-context`: a value that follows a plugin's own calls, promises and timers. */
export function asyncContextModule(): object {
  return {
    storage(): object {
      const storage = new Storage<unknown>()
      return Object.freeze({
        run: (value: unknown, callback: unknown) => storage.run(value, () => called(callback)),
        get: () => storage.getStore(),
      })
    },
    /** Gives a function that calls another as if it were called here. */
    snapshot(): (callback: unknown) => unknown {
      const within = Storage.snapshot()
      return (callback) => within(() => called(callback))
    },
  }
}

function called(callback: unknown): unknown {
  if (typeof callback !== 'function') throw new TypeError('a function is wanted')
  return Reflect.apply(callback, undefined, [])
}
