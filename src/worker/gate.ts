import { registerHooks } from 'node:module'

/** Closes the module loader for good. */
export interface Gate {
  seal(): void
}

/**
 * Stands before every import and require of the worker, whoever asks; also `import.source` and what the text filter of
 * the compartments does not know. Hooks that are registered later would run first, so `node:module` is emptied (strip).
 */
export function installGate(): Gate {
  let sealed = false
  registerHooks({
    resolve(specifier, context, next) {
      if (sealed) throw closed(specifier)
      return next(specifier, context)
    },
    load(url, context, next) {
      if (sealed) throw closed(url)
      return next(url, context)
    },
  })
  return {
    seal() {
      sealed = true
    },
  }
}

function closed(what: string): Error {
  const error = new Error(`module "${what.slice(-80)}" cannot be loaded: this worker is sealed`)
  return Object.assign(error, { code: 'ERR_PLUGIN_DENIED' })
}
