import { createRequire } from 'node:module'
import path from 'node:path'
import { compileFunction } from 'node:vm'
import type { PluginRuntime } from '#src/sandbox/plugin-host.ts'
import { now } from './capture.ts'
import { wallTime } from './start-flow.ts'

/** Plugins as plain CommonJS modules of this thread, with Node's own `require`: this equals trusting them with the process. */
export function trustedRuntime(): PluginRuntime {
  const require = createRequire(path.join(process.cwd(), 'plugin.cjs'))
  return {
    evaluate(code) {
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
