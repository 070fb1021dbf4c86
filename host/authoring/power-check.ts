import { PackError, type Project, type ScriptBundle } from '@plutino/sdk/pack'
import { placeIn, readSourceMap } from '@plutino/sdk/source-map'
import { parse } from 'acorn'
import { hasShim, nodeModuleOf } from '#host/plugins/node-shims.ts'

interface Asked {
  readonly network: readonly string[]
  readonly files: boolean
  readonly secrets: boolean
}

/** Something that a script uses, and where. */
interface Use {
  readonly what: string
  /** `sources/x.ts:12:3`, or the chain of imports. */
  readonly where: string
  /** In the author's own files, not in a dependency's. */
  readonly isOwn: boolean
}

/** Modules that are clients over granted origins, with what a manifest has to ask for. */
const networked: Readonly<Record<string, readonly string[]>> = {
  net: ['tcp:', 'tls:'],
  tls: ['tls:', 'tcp:'],
  http: ['http:', 'https:'],
  https: ['https:'],
}

/** Why a module has nothing that stands for it. */
const reasons: Readonly<Record<string, string>> = {
  fs: 'a plugin has no disk; use ctx.files with permission "files"',
  'fs/promises': 'a plugin has no disk; use ctx.files with permission "files"',
  child_process: 'a plugin starts no process',
  cluster: 'a plugin starts no process',
  worker_threads: 'a plugin starts no thread',
  dgram: 'there are no UDP sockets',
  http2: 'there is no HTTP/2; use fetch',
  vm: 'a plugin compiles no code in other realms',
  inspector: 'a plugin inspects nothing',
  sqlite: 'a plugin opens no database file',
}

/**
 * Looks for what needs a power that the manifest does not ask for, and for modules of Node that no sandbox has. What the
 * author's own files use refuses the project; what a dependency only might use is a note.
 *
 * @returns the notes
 * @throws PackError `needs-power` with file and line, or the chain of imports
 */
export function checkPowers(
  { manifest }: Project,
  scripts: ReadonlyMap<string, ScriptBundle>,
): string[] {
  const asked = askedBy(manifest.plutino)
  const problems = new Map<string, boolean>()
  for (const [file, script] of scripts) {
    for (const use of [...importsIn(file, script), ...callsIn(script)]) {
      const why = problemOf(use.what, asked)
      if (why !== undefined) problems.set(`${use.where}: ${use.what}: ${why}`, use.isOwn)
    }
  }
  const own = [...problems].filter(([, isOwn]) => isOwn).map(([text]) => text)
  if (own.length > 0) throw new PackError('needs-power', own.join('\n'))
  return [...problems.keys()]
}

function askedBy(plutino: unknown): Asked {
  const { permissions } = Object(plutino) as { permissions?: Record<string, unknown> }
  const { network, files, secrets } = permissions ?? {}
  return {
    network: Array.isArray(network) ? network.map(String) : [],
    files: files !== undefined,
    secrets: Array.isArray(secrets) && secrets.length > 0,
  }
}

function problemOf(what: string, asked: Asked): string | undefined {
  const module = /^module "(.+)"$/.exec(what)?.[1]
  if (module !== undefined) {
    const schemes = networked[module]
    if (schemes !== undefined) return lacking(schemes, asked)
    if (hasShim(module)) return undefined
    return `${reasons[module] ?? 'it is not available in a sandboxed plugin'}; or leave it to be installed as trusted`
  }
  if (what === 'fetch' || what === 'WebSocket')
    return lacking(['http:', 'https:', 'ws:', 'wss:'], asked)
  if (what === 'connect') return lacking(['tcp:', 'tls:'], asked)
  if (what === 'files' && !asked.files)
    return 'it needs permission "files": ask for it in plutino.permissions of package.json'
  if (what === 'secrets' && !asked.secrets)
    return 'it needs permission "secrets": name the secret in plutino.permissions of package.json'
  return undefined
}

function lacking(schemes: readonly string[], { network }: Asked): string | undefined {
  if (network.some((origin) => schemes.some((scheme) => origin.startsWith(scheme))))
    return undefined
  return `it needs permission "network" for an origin such as ${schemes[0]}//host${schemes[0] === 'tcp:' || schemes[0] === 'tls:' ? ':port' : ''}: ask for it in plutino.permissions of package.json`
}

function* importsIn(entry: string, { metafile }: ScriptBundle): Generator<Use> {
  for (const [file, input] of Object.entries(metafile.inputs)) {
    for (const { path } of input.imports) {
      const name = nodeModuleOf(path)
      if (name === undefined) continue
      const chain = chainTo(file, entry, metafile.inputs)
      yield { what: `module "${name}"`, where: chain.join(' > '), isOwn: isOwn(file) }
    }
  }
}

/** The files that lead from the entry to this one. */
function chainTo(
  file: string,
  entry: string,
  inputs: ScriptBundle['metafile']['inputs'],
): string[] {
  const start = entry.replace(/^\.\//, '')
  const from = new Map<string, string | undefined>([[start, undefined]])
  for (const at of from.keys()) {
    if (at === file) break
    for (const { path } of inputs[at]?.imports ?? []) if (!from.has(path)) from.set(path, at)
  }
  const chain: string[] = []
  for (let at: string | undefined = file; at !== undefined; at = from.get(at)) chain.unshift(at)
  return chain
}

function isOwn(place: string): boolean {
  return !/(^|\/)node_modules\//.test(place) && !place.startsWith('..')
}

/** Calls of globals and of the context that need a power, by their places in the author's files. */
function* callsIn({ text, map: mapText }: ScriptBundle): Generator<Use> {
  const map = readSourceMap(mapText)
  if (map === undefined) return
  const script = { file: '', map }
  const found: { what: string; line: number; column: number }[] = []
  walk(parse(text, { ecmaVersion: 'latest', sourceType: 'script', locations: true }), (node) => {
    const what = powerOf(node)
    const { loc } = node
    if (what !== undefined && loc !== undefined) found.push({ what, ...loc.start })
  })
  for (const { what, line, column } of found) {
    const where = placeIn(script, line, column + 1)
    if (where !== undefined) yield { what, where, isOwn: isOwn(where) }
  }
}

interface Node {
  readonly type: string
  readonly loc?: { readonly start: { readonly line: number; readonly column: number } }
  readonly callee?: Node
  readonly object?: Node
  readonly property?: Node
  readonly name?: string
}

function powerOf({ type, callee }: Node): string | undefined {
  if (type === 'NewExpression') return callee?.name === 'WebSocket' ? 'WebSocket' : undefined
  if (type !== 'CallExpression' || callee === undefined) return undefined
  if (callee.type === 'Identifier') return callee.name === 'fetch' ? 'fetch' : undefined
  const { object, property } = callee
  if (object?.name === 'ctx' || object?.name === 'context') {
    const name = property?.name ?? ''
    return name === 'fetch' || name === 'connect' ? name : undefined
  }
  const power = object?.property?.name ?? object?.name ?? ''
  const isContext = object?.object?.name === 'ctx' || object?.object?.name === 'context'
  return isContext && (power === 'files' || power === 'secrets') ? power : undefined
}

function walk(node: unknown, visit: (node: Node) => void): void {
  const waiting: unknown[] = [node]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue
    if (Array.isArray(next)) waiting.push(...next.filter((part) => part !== null))
    else {
      if (typeof (next as Node).type === 'string') visit(next as Node)
      for (const [key, part] of Object.entries(next)) {
        if (key !== 'loc' && typeof part === 'object' && part !== null) waiting.push(part)
      }
    }
  }
}
