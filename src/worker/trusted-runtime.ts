import { createRequire } from 'node:module'
import path from 'node:path'
import { compileFunction } from 'node:vm'
import type { PluginRuntime } from '#src/sandbox/plugin-host.ts'
import { now } from './capture.ts'
import { wallTime } from './start-flow.ts'

/**
 * Plugins as plain modules of this thread, loaded by Node from where they lie: this equals trusting them with the process.
 * A sandboxed one that shares the worker is its bundle, with Node's own `require`.
 */
export function trustedRuntime(): PluginRuntime {
  const require = createRequire(path.join(process.cwd(), 'plugin.cjs'))
  return {
    evaluate(code) {
      if (code.path !== undefined) return { exports: require(code.path), stop() {} }
      const filename = `${code.package}@${code.version}.cjs`
      const load = compileFunction(code.text, ['exports', 'require', 'module'], { filename })
      const module: { exports: unknown } = { exports: {} }
      Reflect.apply(load, undefined, [module.exports, require, module])
      return { exports: module.exports, stop() {} }
    },
    harden: (value) => value,
    timers: { setTimeout, setInterval, setImmediate, clearTimeout, clearImmediate },
    makeAbort() {
      const controller = new AbortController()
      return { signal: controller.signal, abort: () => controller.abort() }
    },
    now,
    wallTime,
  }
}
