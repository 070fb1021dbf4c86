import { faultOf } from '../fault.ts'

/** What each kind has to have; the first form that fits. */
const forms = {
  source: [['configure', 'open', 'close']],
  sink: [['configure', 'open', 'collect', 'close']],
  function: [['exec'], ['init', 'add', 'result']],
  lookup: [['configure', 'open', 'lookup', 'close']],
} as const

/**
 * Makes the instance that an export stands for, as the host does: a class is constructed, a function called, an object
 * taken as it is.
 *
 * @param wanted names to look for, the first one first
 * @throws Error naming what is missing
 */
export function makeInstance(
  kind: keyof typeof forms,
  title: string,
  exports: unknown,
  wanted: readonly string[],
): object {
  const names = new Set(wanted.flatMap((name) => [name, ...bothLetters(name)]))
  const all = exports as Record<string, unknown>
  const name = [...names, 'default'].find((each) => isExport(all[each]))
  if (name === undefined) {
    throw new Error(
      `${title} is not exported: "${wanted[0]}" or a default export is wanted, there is ${Object.keys(all).join(', ') || 'nothing'}`,
    )
  }
  const made = instantiate(all[name], title)
  const missing = forms[kind].map((methods) =>
    methods.find((method) => typeof Reflect.get(made, method) !== 'function'),
  )
  if (missing.includes(undefined)) return made
  throw new Error(`${title} has no method "${missing[0]}"`)
}

export function bothLetters(name: string): string[] {
  const rest = name.slice(1)
  return [name.charAt(0).toUpperCase() + rest, name.charAt(0).toLowerCase() + rest]
}

function isExport(value: unknown): boolean {
  return typeof value === 'function' || (typeof value === 'object' && value !== null)
}

function instantiate(found: unknown, title: string): object {
  try {
    const made = typeof found === 'function' ? callOrConstruct(found) : found
    if (typeof made === 'object' && made !== null) return made
  } catch (error) {
    throw new Error(`${title}: its constructor failed: ${faultOf(error).message}`, { cause: error })
  }
  throw new Error(`${title}: the exported function makes no object`)
}

function callOrConstruct(found: object): unknown {
  const make = found as ((...args: never[]) => unknown) & (new () => unknown)
  const { prototype } = make as { prototype?: object }
  const isClass =
    Function.prototype.toString.call(make).startsWith('class') ||
    (prototype !== undefined && Reflect.ownKeys(prototype).length > 1)
  return isClass ? new make() : make()
}
