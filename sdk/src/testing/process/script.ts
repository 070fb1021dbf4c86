import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { compileFunction } from 'node:vm'
import { bundleScript, scriptName } from '../../pack/bundle.ts'
import type { Project, ProjectEntry } from '../../pack/project.ts'
import { type MappedScript, readSourceMap } from '../../source-map.ts'
import { didYouMean } from '../did-you-mean.ts'
import type { VirtualTime } from '../virtual-time.ts'

/** A script of a plugin, run in this process. */
export interface ProcessScript {
  readonly exports: unknown
  /** For stacks. */
  readonly mapped: MappedScript | undefined
}

export interface ScriptOutlet {
  readonly time: VirtualTime
  /** The plugin's `console`. */
  readonly console: object
  readonly fetch: unknown
}

/** @throws Error with the names that there are */
export function findEntry(
  { entries, name: plugin }: Project,
  kind: 'source' | 'sink' | 'function',
  name: string,
): ProjectEntry {
  const own = entries.filter((entry) => entry.kind === `${kind}s`)
  const found = own.find((entry) => entry.name === name)
  if (found !== undefined) return found
  throw new Error(
    `plugin ${plugin} has no ${kind} "${name}"${didYouMean(
      name,
      own.map((entry) => entry.name),
    )}`,
  )
}

/**
 * Bundles a script and runs it, with timers that fire when the clock is moved. Bundled, so that each test has a module of
 * its own, and the same one that a host gets.
 */
export async function loadScript(
  { folder }: Project,
  file: string,
  outlet: ScriptOutlet,
): Promise<ProcessScript> {
  const { text, map } = await bundleScript(folder, file)
  // In the author's folder: names in the map are told from here by debuggers.
  const filename = resolve(folder, scriptName(file))
  const inline = Buffer.from(absolute(map, folder)).toString('base64')
  const source = `${text}\n//# sourceMappingURL=data:application/json;base64,${inline}`
  const globals = globalsOf(outlet)
  const names = Object.keys(globals)
  const load = compileFunction(source, ['exports', 'require', 'module', ...names], { filename })
  const module: { exports: unknown } = { exports: {} }
  const require = requireOf(createRequire(join(folder, 'package.json')), globals)
  Reflect.apply(load, undefined, [module.exports, require, module, ...Object.values(globals)])
  const read = readSourceMap(map)
  return { exports: module.exports, mapped: read && { file: filename, map: read } }
}

function absolute(text: string, folder: string): string {
  const map = JSON.parse(text) as { sources: string[] }
  return JSON.stringify({ ...map, sources: map.sources.map((source) => resolve(folder, source)) })
}

function globalsOf({ time, console, fetch }: ScriptOutlet): Record<string, unknown> {
  const clear = (timer: unknown) => time.clear(timer)
  return {
    setTimeout: time.setTimeout.bind(time),
    setInterval: time.setInterval.bind(time),
    clearTimeout: clear,
    clearInterval: clear,
    console,
    fetch,
  }
}

/** Node's modules of timers wait for the clock as well; all others are Node's own. */
function requireOf(real: NodeJS.Require, globals: Record<string, unknown>) {
  const { setTimeout: start } = globals as { setTimeout: (run: () => void, ms: number) => unknown }
  const promises = {
    setTimeout: (ms: number, value?: unknown) =>
      new Promise((wake) => void start(() => wake(value), ms)),
    setImmediate: (value?: unknown) => new Promise((wake) => setImmediate(wake, value)),
  }
  return (name: string): unknown => {
    const plain = name.replace(/^node:/, '')
    if (plain === 'timers') return { ...(real('node:timers') as object), ...globals }
    if (plain === 'timers/promises')
      return { ...(real('node:timers/promises') as object), ...promises }
    return real(name)
  }
}
