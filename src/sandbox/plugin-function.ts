import type { FunctionContext, RowFunction } from '@plutino/sdk'
import type { PlanExpression } from '#src/plan/expression.ts'
import { cleanError, rebuiltError } from './clean-error.ts'
import { BorderError, copyLimits, copyValue } from './copy.ts'
import { withStackOf } from './plugin-stack.ts'

/** What compiled code calls for each row. */
export type PluginCall = (...args: unknown[]) => unknown

const { apply } = Reflect
const promiseThen = Promise.prototype.then
const MAX_TEXT = copyLimits.bytes

/**
 * Calls a function of a plugin from compiled expressions. Arguments are copies, SQL null is `null`; what comes back is a
 * primitive as it is, a copy of anything else, or a promise of the one or other for a stage of the flow to wait for.
 */
export function pluginCall(
  title: string,
  instance: RowFunction,
  context: FunctionContext,
  arity: number,
): PluginCall {
  const failure = (error: unknown): Error => {
    const { code, message } = rebuiltError(error)
    return Object.assign(withStackOf(new Error(`${title}: ${message}`), error), { code })
  }
  const finish = (result: unknown): unknown => {
    switch (typeof result) {
      case 'number':
      case 'boolean':
        return result
      case 'string':
        return result.length > MAX_TEXT ? copyValue(result, 'result') : result
      case 'undefined':
        return null
      default:
        return result === null ? null : finishObject(result, failure)
    }
  }
  // One per number of arguments: a rest parameter would cost an array more per row.
  switch (arity) {
    case 1:
      return (a) => {
        try {
          return finish(instance.exec([argument(a)], context))
        } catch (error) {
          throw failure(error)
        }
      }
    case 2:
      return (a, b) => {
        try {
          return finish(instance.exec([argument(a), argument(b)], context))
        } catch (error) {
          throw failure(error)
        }
      }
    default:
      return (...args) => {
        try {
          return finish(instance.exec(args.map(argument), context))
        } catch (error) {
          throw failure(error)
        }
      }
  }
}

/** A value for a plugin: nothing of the engine's, so that no function changes a row or a payload. */
export function argument(value: unknown): unknown {
  switch (typeof value) {
    case 'object':
      return value === null ? null : copyValue(value, 'argument', unlimited)
    case 'undefined':
      return null
    default:
      return value
  }
}

/** What the engine hands out was within its own bounds. */
const unlimited = { depth: 1000, count: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

function finishObject(result: unknown, failure: (error: unknown) => Error): unknown {
  const then = thenOf(result)
  if (then === undefined) return copyValue(result, 'result')
  return new Promise((resolve, reject) => {
    const settle = (value: unknown): void => {
      try {
        if (thenOf(value) !== undefined) throw new BorderError('result: a promise of a promise')
        resolve(copyValue(value ?? null, 'result'))
      } catch (error) {
        reject(failure(error))
      }
    }
    try {
      apply(then, result, [settle, (error: unknown) => reject(failure(error))])
    } catch (error) {
      reject(failure(error))
    }
  })
}

type Then = (resolve: (value: unknown) => void, reject: (error: unknown) => void) => unknown

/** The platform's `then` for its own promises, whatever the plugin hung on them; an own one for all other thenables. */
function thenOf(value: unknown): Then | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (value instanceof Promise) return promiseThen as Then
  const then: unknown = (value as { then?: unknown }).then
  return typeof then === 'function' ? (then as Then) : undefined
}

/** Asks the function whether a call of it is right. @throws Error `bad-plan` with what the function says */
export function validateCall(
  instance: object,
  args: readonly PlanExpression[],
  title: string,
): void {
  const { validate: check } = instance as RowFunction
  if (typeof check !== 'function') return
  const known = args.map((arg) => ({
    type: arg.dataType.type,
    ...(arg.type === 'literal' && { literal: arg.value }),
    ...(arg.type === 'column' && { column: arg.name }),
  }))
  try {
    Reflect.apply(check, instance, [known])
  } catch (error) {
    throw Object.assign(new Error(`${title}: ${cleanError(error).message}`), { code: 'bad-plan' })
  }
}
