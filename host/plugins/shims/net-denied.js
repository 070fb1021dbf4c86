/** What of a module no grant gives. */
export function denied(what) {
  const error = new Error(`denied to a sandboxed plugin: ${what}`)
  return Object.assign(error, { code: 'ERR_PLUGIN_DENIED' })
}

/** A class that cannot be had: it loads, may be extended, and refuses to be constructed. */
export function deniedClass(what) {
  return class {
    constructor() {
      throw denied(what)
    }
  }
}
