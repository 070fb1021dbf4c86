import type { FunctionContext, IncrementalAggregate, RowFunction } from '@plutino/sdk'
import type { Aggregator } from '#src/functions/declaration.ts'
import { rebuiltError } from './clean-error.ts'
import { copyValue } from './copy.ts'
import { argument, pluginCall } from './plugin-function.ts'
import { withStackOf } from './plugin-stack.ts'

/**
 * An aggregate function of a plugin, as operators use one. The incremental form is preferred; without it the values of
 * the group's rows are kept, and `exec` gets an array per argument.
 *
 * @param groupArgs how many of the arguments name the group
 */
export function pluginAggregator(
  title: string,
  instance: object,
  context: FunctionContext,
  arity: number,
  groupArgs = 0,
): Aggregator<unknown> {
  if (isIncremental(instance)) return incremental(title, instance)
  return collected(title, instance as RowFunction, context, { arity, groupArgs })
}

/** An incremental aggregate has no state but its accumulator, which is a group's anyway. */
export function keepsByGroup(instance: object): boolean {
  return (instance as RowFunction).state === 'group' && !isIncremental(instance)
}

/** True where calls of the function stand for groups. @throws what the plugin's `isAggregate` throws */
export function isAggregate(instance: object): boolean {
  if (isIncremental(instance)) return true
  const { isAggregate: ask } = instance as RowFunction
  return typeof ask === 'function' && Reflect.apply(ask, instance, []) === true
}

function isIncremental(instance: object): instance is IncrementalAggregate {
  const { init, add, result } = instance as Partial<IncrementalAggregate>
  return [init, add, result].every((method) => typeof method === 'function')
}

/** Accumulators are copied as they come back: the plugin keeps no hold on what the engine has. */
function incremental(title: string, instance: IncrementalAggregate): Aggregator<unknown> {
  const step = (run: () => unknown, what: string): unknown => {
    try {
      return copyValue(run(), what)
    } catch (error) {
      const { code, message } = rebuiltError(error)
      throw Object.assign(withStackOf(new Error(`${title}: ${message}`), error), { code })
    }
  }
  const { remove } = instance
  return {
    init: () => step(() => instance.init(), 'accumulator'),
    add: (accumulator, ...args) =>
      step(() => instance.add(accumulator, args.map(argument)), 'accumulator'),
    ...(typeof remove === 'function' && {
      remove: (accumulator: unknown, ...args: unknown[]) =>
        step(
          () => Reflect.apply(remove, instance, [accumulator, args.map(argument)]),
          'accumulator',
        ),
    }),
    // A copy: some plugins change what they are given, and the window may go on.
    result: (accumulator) => step(() => instance.result(argument(accumulator)), 'result'),
  }
}

type Rows = readonly (readonly unknown[])[]

function collected(
  title: string,
  instance: RowFunction,
  context: FunctionContext,
  { arity, groupArgs }: { readonly arity: number; readonly groupArgs: number },
): Aggregator<unknown> {
  const call = pluginCall(title, instance, context, arity)
  const aggregator: Aggregator<unknown[][]> = {
    init: () => [],
    add(rows, ...args) {
      rows.push(args)
      return rows
    },
    remove(rows) {
      rows.shift()
      return rows
    },
    merge: (older, newer) => [...older, ...newer],
    // What names the group is the same in all its rows.
    result: (rows) =>
      call(...columnsOf(rows, arity - groupArgs), ...(rows[0]?.slice(arity - groupArgs) ?? [])),
  }
  return aggregator as Aggregator<unknown>
}

function columnsOf(rows: Rows, arity: number): unknown[][] {
  return Array.from({ length: arity }, (_, index) => rows.map((row) => row[index] ?? null))
}
