import type { Rewindable, RowFunction } from '@plutino/sdk'
import type { CallArguments } from '#src/plan/plugin-calls.ts'
import type { PluginCode } from '#src/worker/protocol.ts'
import { cleanError } from './clean-error.ts'
import type { Evaluated, Outlet } from './compartment.ts'
import { unserved } from './facade-port.ts'
import { makeInstance, titleOf, verifyText } from './load.ts'
import { isAggregate } from './plugin-aggregate.ts'
import { validateCall } from './plugin-function.ts'
import type { PluginRuntime } from './plugin-host.ts'
import { PluginLog } from './plugin-log.ts'
import { makePowers } from './powers.ts'

/** What an installation learns of extensions before any rule uses them, in the order of the question. */
export type InspectAnswer =
  | {
      readonly ok: readonly {
        readonly isAggregate: boolean
        readonly rewinds: boolean
        readonly validates: boolean
      }[]
    }
  | { readonly error: string }

/**
 * Evaluates each script once and makes an instance of each extension, without running any. Functions are asked about
 * `calls` of them, in the order of `codes`. Never throws.
 */
export function inspectPlugins(
  codes: readonly PluginCode[],
  runtime: PluginRuntime,
  calls: readonly CallArguments[] = [],
): InspectAnswer {
  const scripts = new Map<string, Evaluated>()
  try {
    return {
      ok: codes.map((code, i) => {
        const script = scripts.get(code.sha256) ?? evaluate(code, runtime)
        scripts.set(code.sha256, script)
        const instance = makeInstance(code, script.exports)
        for (const args of calls[i] ?? []) validateCall(instance, args, titleOf(code))
        return {
          isAggregate: code.kind === 'function' && asksForGroups(code, instance),
          rewinds: code.kind === 'source' && goesBack(code, instance),
          validates: code.kind === 'function' && asksAboutCalls(code, instance),
        }
      }),
    }
  } catch (error) {
    return { error: cleanError(error).message }
  } finally {
    for (const script of scripts.values()) script.stop()
  }
}

function evaluate(code: PluginCode, runtime: PluginRuntime): Evaluated {
  verifyText(code)
  try {
    return runtime.evaluate(code, silentOutlet(runtime))
  } catch (error) {
    throw new Error(`${titleOf(code)}: its script failed: ${cleanError(error).message}`)
  }
}

function asksForGroups(code: PluginCode, instance: object): boolean {
  try {
    return isAggregate(instance)
  } catch (error) {
    throw new Error(`${titleOf(code)}: isAggregate failed: ${cleanError(error).message}`)
  }
}

function asksAboutCalls(code: PluginCode, instance: object): boolean {
  try {
    return typeof (instance as Partial<RowFunction>).validate === 'function'
  } catch (error) {
    throw new Error(`${titleOf(code)}: validate failed: ${cleanError(error).message}`)
  }
}

/** It has both methods, and does not say that something else may come the second time. */
function goesBack(code: PluginCode, instance: object): boolean {
  try {
    const { getOffset, rewind, isRepeatable } = instance as Partial<Rewindable>
    return typeof getOffset === 'function' && typeof rewind === 'function' && isRepeatable !== false
  } catch (error) {
    throw new Error(`${titleOf(code)}: isRepeatable failed: ${cleanError(error).message}`)
  }
}

/** Nobody listens yet. */
function silentOutlet({ now, timers, harden }: PluginRuntime): Outlet {
  const failed = () => {}
  return {
    log: new PluginLog(() => {}, now, { debug: false }),
    powers: makePowers({ port: unserved, timers, harden, failed }),
    failed,
  }
}
