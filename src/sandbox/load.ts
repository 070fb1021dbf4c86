import { createHash } from 'node:crypto'
import type { PluginCode } from '#src/worker/protocol.ts'
import { cleanError } from './clean-error.ts'

/** A plugin that cannot be loaded: the text is another, it throws, its export or a method is missing. */
export class PluginLoadError extends Error {
  override readonly name = 'PluginLoadError'
  readonly code = 'plugin-load'
}

type Methods = readonly string[]

/** What each kind has to have; the first form that fits. */
const forms: Readonly<Record<PluginCode['kind'], readonly Methods[]>> = {
  source: [['configure', 'open', 'close']],
  sink: [['configure', 'open', 'collect', 'close']],
  function: [['exec'], ['init', 'add', 'result']],
}

/** @throws PluginLoadError when the text is not the one that was installed */
export function verifyText({ package: name, version, text, sha256 }: PluginCode): void {
  const found = createHash('sha256').update(text).digest('hex')
  if (found === sha256) return
  throw new PluginLoadError(
    `plugin ${name}@${version}: the script's sha256 is ${found}, installed was ${sha256}; install it again`,
  )
}

/**
 * Makes the instance that an export stands for: a class is constructed, a function called, an object taken as it is.
 *
 * @throws PluginLoadError naming what is missing
 */
export function makeInstance(code: PluginCode, exports: unknown): object {
  const made = instantiate(code, findExport(code, exports))
  const problem = missingMethod(made, forms[code.kind])
  if (problem === undefined) return made
  throw new PluginLoadError(`${titleOf(code)} has no method "${problem}"`)
}

/**
 * As `makeInstance`, of the lookup table of a source: what is exported as `<Name>Lookup`, else the source itself.
 *
 * @throws PluginLoadError when neither can look anything up
 */
export function makeLookup(code: PluginCode, exports: unknown): object {
  const own = bothLetters(`${code.name}Lookup`).find((name) => isExport(fieldOf(exports, name)))
  const made = makeInstance(own === undefined ? code : { ...code, export: own }, exports)
  if (missingMethod(made, [['lookup']]) === undefined) return made
  throw new PluginLoadError(
    `${titleOf(code)} is no lookup table: it has no method "lookup"; leave KIND="lookup" out of the table`,
  )
}

/** `source "tail" of plugin acme@1.2.0` */
export function titleOf({ kind, name, package: from, version }: PluginCode): string {
  return `${kind} "${name}" of plugin ${from}${version === '' ? '' : `@${version}`}`
}

function findExport(code: PluginCode, exports: unknown): unknown {
  const names = new Set([code.export, ...bothLetters(code.export), ...bothLetters(code.name)])
  for (const name of [...names, 'default']) {
    const found = fieldOf(exports, name)
    if (isExport(found)) return found
    // CommonJS made of an ES module by some tools: module.exports.default.default
    const inner = fieldOf(fieldOf(exports, 'default'), name)
    if (isExport(inner)) return inner
  }
  if (typeof exports === 'function') return exports
  throw new PluginLoadError(
    `${titleOf(code)} is not exported: "${code.export}" or a default export is wanted, there is ${listNames(exports)}`,
  )
}

function bothLetters(name: string): string[] {
  const rest = name.slice(1)
  return [name.charAt(0).toUpperCase() + rest, name.charAt(0).toLowerCase() + rest]
}

function isExport(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null)
}

function listNames(exports: unknown): string {
  try {
    const names = Object.keys(exports as object).slice(0, 20)
    return names.length === 0 ? 'nothing' : names.map((name) => `"${name.slice(0, 60)}"`).join(', ')
  } catch {
    return 'nothing'
  }
}

function instantiate(code: PluginCode, found: unknown): object {
  try {
    const made = typeof found === 'function' ? callOrConstruct(found) : found
    if (typeof made === 'object' && made !== null) return made
  } catch (error) {
    throw new PluginLoadError(
      `${titleOf(code)}: its constructor failed: ${cleanError(error).message}`,
    )
  }
  throw new PluginLoadError(`${titleOf(code)}: the exported function makes no object`)
}

function callOrConstruct(found: object): unknown {
  const make = found as ((...args: never[]) => unknown) & (new () => unknown)
  if (isClass(make)) return new make()
  return make()
}

const textOfFunction = Function.prototype.toString

/** A class, or a function of the older kind with methods on its prototype. */
function isClass(make: object): boolean {
  if (Reflect.apply(textOfFunction, make, []).startsWith('class')) return true
  const prototype = fieldOf(make, 'prototype')
  return (
    typeof prototype === 'object' && prototype !== null && Reflect.ownKeys(prototype).length > 1
  )
}

function missingMethod(instance: object, allowed: readonly Methods[]): string | undefined {
  const missing = allowed.map((methods) =>
    methods.find((method) => typeof fieldOf(instance, method) !== 'function'),
  )
  return missing.includes(undefined) ? undefined : missing[0]
}

function fieldOf(value: unknown, name: string): unknown {
  if (!isExport(value)) return undefined
  try {
    return (value as unknown as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}
