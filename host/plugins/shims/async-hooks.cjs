const { storage, snapshot } = require('plutino:async-context')

class AsyncLocalStorage {
  #storage = storage()
  #default
  name

  constructor({ defaultValue, name } = {}) {
    this.#default = defaultValue
    this.name = name
  }

  run(value, callback, ...args) {
    return this.#storage.run({ value }, () => callback(...args))
  }

  exit(callback, ...args) {
    return this.#storage.run(undefined, () => callback(...args))
  }

  getStore() {
    const held = this.#storage.get()
    return held === undefined ? this.#default : held.value
  }

  enterWith() {
    const text = 'AsyncLocalStorage.enterWith would outlive the call in a sandboxed plugin: use run'
    throw Object.assign(new Error(text), { code: 'ERR_PLUGIN_DENIED' })
  }

  disable() {}

  static bind(callback) {
    const within = snapshot()
    return function bound(...args) {
      return within(() => Reflect.apply(callback, this, args))
    }
  }

  static snapshot() {
    const within = snapshot()
    return (callback, ...args) => within(() => callback(...args))
  }
}

class AsyncResource {
  #within = snapshot()
  type

  constructor(type) {
    this.type = type
  }

  runInAsyncScope(callback, self, ...args) {
    return this.#within(() => Reflect.apply(callback, self, args))
  }

  bind(callback, self) {
    const resource = this
    return function bound(...args) {
      return resource.runInAsyncScope(callback, self ?? this, ...args)
    }
  }

  emitDestroy() {
    return this
  }

  asyncId() {
    return 0
  }

  triggerAsyncId() {
    return 0
  }

  static bind(callback, type, self) {
    return new AsyncResource(type ?? 'bound').bind(callback, self)
  }
}

const hook = { enable: () => hook, disable: () => hook }

module.exports = {
  AsyncLocalStorage,
  AsyncResource,
  createHook: () => hook,
  executionAsyncId: () => 0,
  triggerAsyncId: () => 0,
  executionAsyncResource: () => ({}),
}
