import { posix } from 'node:path'
import type { ArchiveFiles } from './archive.ts'

const extensions = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.jsx', '.tsx', '.json', '.txt']

/** How a module is asked for; packages answer each in their own way. */
export type Asking = 'import' | 'require'

/**
 * The file of the archive that an import means, by Node's rules and those of bundlers; `undefined` when it is not there.
 *
 * @throws Error when a package.json on the way is not JSON
 */
export function findFile(
  files: ArchiveFiles,
  path: string,
  importer: string,
  asking: Asking,
): string | undefined {
  if (path.startsWith('.')) return asFile(files, posix.join(posix.dirname(importer), path), asking)
  if (path.startsWith('#')) return fromImports(files, path, importer, asking)
  return fromNodeModules(files, path, importer, asking)
}

function asFile(files: ArchiveFiles, path: string, asking: Asking): string | undefined {
  const clean = path.replace(/\/$/, '')
  const candidates = [
    ...(path === clean ? [path, ...extensions.map((extension) => path + extension)] : []),
  ]
  if (/\.[cm]?js$/.test(path)) candidates.push(path.replace(/js$/, 'ts'))
  const found = candidates.find((candidate) => files.has(candidate))
  if (found !== undefined) return found
  const manifest = files.get(`${clean}/package.json`)
  const main = manifest && mainOf(parsed(manifest, `${clean}/package.json`), asking)
  const index = [main, 'index'].filter((name) => name !== undefined)
  const inside = index.flatMap((name) => {
    const base = posix.join(clean, name)
    return [
      base,
      ...extensions.map((extension) => base + extension),
      ...extensions.map((extension) => `${base}/index${extension}`),
    ]
  })
  return inside.find((candidate) => files.has(candidate))
}

/** Node's walk up the folders. */
function fromNodeModules(
  files: ArchiveFiles,
  path: string,
  importer: string,
  asking: Asking,
): string | undefined {
  const parts = path.split('/')
  const name = parts.slice(0, path.startsWith('@') ? 2 : 1).join('/')
  const rest = path.slice(name.length + 1)
  for (let folder = posix.dirname(importer); ; folder = posix.dirname(folder)) {
    const root = posix.join(folder, 'node_modules', name)
    const manifest = files.get(`${root}/package.json`)
    if (manifest !== undefined) {
      const read = parsed(manifest, `${root}/package.json`)
      return fromPackage(files, root, rest, read, asking)
    }
    if (folder === '.' || folder === '/' || folder === '') return undefined
  }
}

function fromPackage(
  files: ArchiveFiles,
  root: string,
  rest: string,
  manifest: Manifest,
  asking: Asking,
): string | undefined {
  const { exports } = manifest
  if (exports !== undefined && exports !== null) {
    const target = matched(exports, rest === '' ? '.' : `./${rest}`, asking)
    if (target !== undefined) return asFile(files, posix.join(root, target), asking)
    // A package that does not say what it exports in our way is looked at as one that says nothing.
  }
  return asFile(files, rest === '' ? root : posix.join(root, rest), asking)
}

/** `#name` of the package that the importer is in. */
function fromImports(
  files: ArchiveFiles,
  path: string,
  importer: string,
  asking: Asking,
): string | undefined {
  for (let folder = posix.dirname(importer); ; folder = posix.dirname(folder)) {
    const manifest = files.get(posix.join(folder, 'package.json'))
    if (manifest !== undefined) {
      const { imports } = parsed(manifest, posix.join(folder, 'package.json'))
      const target = imports === undefined ? undefined : matched(imports, path, asking)
      if (target === undefined) return undefined
      if (target.startsWith('.')) return asFile(files, posix.join(folder, target), asking)
      return fromNodeModules(files, target, importer, asking)
    }
    if (folder === '.' || folder === '/' || folder === '') return undefined
  }
}

interface Manifest {
  readonly main?: unknown
  readonly module?: unknown
  readonly exports?: unknown
  readonly imports?: unknown
}

function mainOf({ main, module }: Manifest, asking: Asking): string | undefined {
  const wanted = asking === 'import' ? [module, main] : [main, module]
  return wanted.find((candidate) => typeof candidate === 'string')
}

/** What `exports` or `imports` of a package.json gives for a name, with one `*` at most. */
function matched(table: unknown, name: string, asking: Asking): string | undefined {
  const isTable =
    typeof table === 'object' && table !== null && !Array.isArray(table) && hasPaths(table)
  if (!isTable) return name === '.' ? chosen(table, asking) : undefined
  const entries = Object.entries(table)
  const exact = entries.find(([key]) => key === name)
  if (exact !== undefined) return chosen(exact[1], asking)
  for (const [key, value] of entries) {
    const [before = '', after] = key.split('*')
    if (after === undefined || !name.startsWith(before) || !name.endsWith(after)) continue
    const middle = name.slice(before.length, name.length - after.length)
    return chosen(value, asking)?.replaceAll('*', middle)
  }
  return undefined
}

function hasPaths(table: object): boolean {
  return Object.keys(table).some((key) => key.startsWith('.') || key.startsWith('#'))
}

function chosen(target: unknown, asking: Asking): string | undefined {
  if (typeof target === 'string') return target
  if (Array.isArray(target)) return target.map((each) => chosen(each, asking)).find(Boolean)
  if (typeof target !== 'object' || target === null) return undefined
  const known = new Set(['plutino', 'node', 'module', 'default', asking])
  for (const [condition, value] of Object.entries(target)) {
    const found = known.has(condition) ? chosen(value, asking) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

function parsed(manifest: Buffer, path: string): Manifest {
  try {
    return Object(JSON.parse(manifest.toString('utf8')))
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as Error).message}`)
  }
}
