import { types } from 'node:util'
import { inspectPlugins } from '#src/sandbox/inspect.ts'
import { closeRealm } from '#src/worker/lockdown.ts'
import { sandboxRuntime } from '#src/worker/realm.ts'
import { ruleTask } from '#src/worker/rule-task.ts'
import { startWithPlugins } from '#src/worker/start-flow.ts'

/**
 * A sandboxed worker as it is, but for one plugin, `judge`: its function is one of the start realm, which sees what the
 * other plugins have collected in `exports.found` and tells which objects are everybody's.
 */
const { isMap, isSet, isWeakMap, isWeakSet, isDate, isPromise, isAnyArrayBuffer } = types
const { isArrayBufferView, isGeneratorObject, isMapIterator, isSetIterator } = types
const stateful = [isMap, isSet, isWeakMap, isWeakSet, isDate, isPromise, isAnyArrayBuffer]
const moreStateful = [isArrayBufferView, isGeneratorObject, isMapIterator, isSetIterator]

closeRealm()

const runtime = sandboxRuntime()
const evaluated: unknown[] = []

const spied: typeof runtime = {
  ...runtime,
  evaluate(code, outlet) {
    const made = runtime.evaluate(code, outlet)
    if (code.package !== 'judge') evaluated.push(made.exports)
    else Reflect.set(made.exports as object, 'judge', { exec: () => JSON.stringify(judge()) ?? '' })
    return made
  },
}

export default ruleTask(startWithPlugins(spied), (codes) => inspectPlugins(codes, spied))

function judge(): object | undefined {
  if (evaluated.some((exports) => foundOf(exports) === undefined)) return undefined
  const [first, second] = evaluated.map((exports) => walk(foundOf(exports) ?? []))
  if (first === undefined || second === undefined) return { error: 'two plugins are wanted' }
  const shared = [...first].filter(([value]) => second.has(value))
  return {
    reached: first.size,
    shared: shared.length,
    open: shared.filter(([value]) => !Object.isFrozen(value)).map(([, path]) => path),
    withState: shared.filter(([value]) => hasState(value)).map(([, path]) => path),
    roots: foundOf(evaluated[0])?.map(([path]) => path),
  }
}

type Root = readonly [path: string, value: unknown]

function foundOf(exports: unknown): readonly Root[] | undefined {
  return (exports as { found?: readonly Root[] }).found
}

function hasState(value: object): boolean {
  return [...stateful, ...moreStateful].some((is) => is(value))
}

function answerOf(value: object, get: () => unknown): unknown {
  try {
    return Reflect.apply(get, value, [])
  } catch (error) {
    return error
  }
}

/** Everything to which values lead, by properties, accessors, their answers and prototypes, with the way to it. */
function walk(roots: readonly Root[]): Map<object, string> {
  const seen = new Map<object, string>()
  const todo = [...roots]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [path, value] = next
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue
    if (seen.has(value)) continue
    seen.set(value, path)
    for (const key of Reflect.ownKeys(value)) {
      const at = `${path}.${String(key)}`
      const { value: part, get, set } = Reflect.getOwnPropertyDescriptor(value, key) ?? {}
      todo.push([at, part], [`${at}:get`, get], [`${at}:set`, set])
      if (get !== undefined) todo.push([`${at}()`, answerOf(value, get)])
    }
    todo.push([`${path}.[[Prototype]]`, Reflect.getPrototypeOf(value)])
  }
  return seen
}
