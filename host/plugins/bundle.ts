import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Loader, type Message, type OnResolveArgs, type Plugin } from 'esbuild'
import type { ArchiveFiles } from './archive.ts'
import { InstallError } from './errors.ts'

/** One script for one extension file of a package: CommonJS, with its npm dependencies, no import left. */
export interface Bundle {
  readonly text: string
  readonly map: string
  /** Node's own modules that the code names; each is a stub that is refused when it is used. */
  readonly nodeModules: readonly string[]
}

const LOADERS: Readonly<Record<string, Loader>> = {
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.jsx': 'jsx',
  '.tsx': 'tsx',
  '.json': 'json',
  '.txt': 'text',
}
const sdkEntry = fileURLToPath(new URL('../../sdk/src/index.ts', import.meta.url))

/**
 * Bundles from the files of the archive alone: esbuild sees no disk but the SDK, so nothing of the host can be read by a
 * path, a link or a configuration file of the package.
 */
export async function bundleExtension(files: ArchiveFiles, entry: string): Promise<Bundle> {
  const bundle = await bundleWith(files, entry, false)
  // esbuild keeps comments within expressions; one with a type's `import(…)` looks to the sandbox like the real thing.
  return /\bimport\s*\(/.test(bundle.text) ? bundleWith(files, entry, true) : bundle
}

async function bundleWith(
  files: ArchiveFiles,
  entry: string,
  withoutComments: boolean,
): Promise<Bundle> {
  const nodeModules = new Set<string>()
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'neutral',
    target: 'es2024',
    mainFields: ['module', 'main'],
    outfile: 'plugin.js',
    sourcemap: 'external',
    sourcesContent: true,
    keepNames: false,
    minifyWhitespace: withoutComments,
    tsconfigRaw: '{}',
    // What is left of them becomes `require`, which the sandbox refuses by name.
    supported: { 'dynamic-import': false },
    absWorkingDir: '/',
    logLevel: 'silent',
    plugins: [fromArchive(files, nodeModules)],
    logOverride: { 'direct-eval': 'warning' },
  }).catch((error: { errors?: Message[]; message: string }) => {
    const [first] = error.errors ?? []
    throw new InstallError(
      'bad-plugin',
      first === undefined ? `${entry} cannot be bundled: ${error.message}` : textOf(first, entry),
    )
  })
  const evil = result.warnings.find(({ id }) => id === 'direct-eval')
  if (evil !== undefined)
    throw new InstallError(
      'bad-plugin',
      `${textOf(evil, entry)}; a sandboxed plugin has no direct eval`,
    )
  const script = result.outputFiles.find(({ path }) => path.endsWith('plugin.js'))
  const map = result.outputFiles.find(({ path }) => path.endsWith('.map'))
  return { text: script?.text ?? '', map: map?.text ?? '', nodeModules: [...nodeModules].sort() }
}

function textOf({ text, location }: Message, entry: string): string {
  if (location === null) return `${entry}: ${text}`
  return `${location.file.replace(/^archive:/, '')}: ${text} (line ${location.line}, column ${location.column + 1})`
}

function fromArchive(files: ArchiveFiles, nodeModules: Set<string>): Plugin {
  return {
    name: 'archive',
    setup(bundler) {
      bundler.onResolve({ filter: /.*/ }, (args) => {
        if (args.kind === 'entry-point') return { path: args.path, namespace: 'archive' }
        if (args.namespace === 'file') return undefined
        try {
          return resolve(files, args)
        } catch (error) {
          // An error of a callback would name files of the host.
          return { errors: [{ text: (error as Error).message }] }
        }
      })
      bundler.onLoad({ filter: /.*/, namespace: 'archive' }, ({ path }) => {
        const bytes = files.get(path)
        if (bytes === undefined) return { errors: [{ text: `"${path}" is not in the package` }] }
        return { contents: bytes, loader: LOADERS[posix.extname(path)] ?? 'text', resolveDir: '/' }
      })
      bundler.onLoad({ filter: /.*/, namespace: 'denied' }, ({ path }) => {
        nodeModules.add(path)
        return { contents: deniedModule(path), loader: 'js' }
      })
    },
  }
}

function resolve(files: ArchiveFiles, { path, importer }: OnResolveArgs) {
  const name = path.replace(/^node:/, '')
  if (path === '@plutino/sdk') return { path: sdkEntry, namespace: 'file' }
  if (path.startsWith('node:') || isBuiltin(path)) return { path: name, namespace: 'denied' }
  const found = path.startsWith('.')
    ? asFile(files, posix.join(posix.dirname(importer), path))
    : fromNodeModules(files, path, importer)
  if (found !== undefined) return { path: found, namespace: 'archive' }
  return {
    errors: [{ text: `"${path}" is not in the package; bundle it with "plutino plugin pack"` }],
  }
}

function asFile(files: ArchiveFiles, path: string): string | undefined {
  const candidates = [
    path,
    ...Object.keys(LOADERS).map((extension) => path + extension),
    ...Object.keys(LOADERS).map((extension) => `${path}/index${extension}`),
  ]
  if (/\.[cm]?js$/.test(path)) candidates.push(path.replace(/js$/, 'ts'))
  return candidates.find((candidate) => files.has(candidate))
}

/** Node's walk up the folders, with `main`, `module` and the "." of `exports`; what is packed by our own command needs none of it. */
function fromNodeModules(files: ArchiveFiles, path: string, importer: string): string | undefined {
  const parts = path.split('/')
  const name = path.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
  const rest = path.slice(name.length + 1)
  for (let folder = posix.dirname(importer); ; folder = posix.dirname(folder)) {
    const root = posix.join(folder, 'node_modules', name)
    const manifest = files.get(`${root}/package.json`)
    if (manifest !== undefined) {
      const target = rest === '' ? mainOf(manifest, `${root}/package.json`) : rest
      return asFile(files, posix.join(root, target))
    }
    if (folder === '.' || folder === '/' || folder === '') return undefined
  }
}

function mainOf(manifest: Buffer, path: string): string {
  const { main, module, exports } = parsed(manifest, path)
  const dot =
    typeof exports === 'object' && exports !== null
      ? (exports as Record<string, unknown>)['.']
      : exports
  const conditions = typeof dot === 'object' && dot !== null ? (dot as Record<string, unknown>) : {}
  const chosen = [
    typeof dot === 'string' ? dot : undefined,
    conditions.import,
    conditions.default,
    conditions.require,
    module,
    main,
  ]
  return (
    (chosen.find((candidate) => typeof candidate === 'string') as string | undefined) ?? 'index.js'
  )
}

function parsed(manifest: Buffer, path: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(manifest.toString('utf8')))
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as Error).message}`)
  }
}

/** Loads, so that a package that imports it and never uses it works; refuses when something of it is called. */
function deniedModule(name: string): string {
  const what = JSON.stringify(`module "${name}" is not available in a sandboxed plugin`)
  return `
const refuse = () => { throw Object.assign(new Error(${what}), { code: 'ERR_PLUGIN_DENIED' }) }
const get = (target, key) =>
  key === '__esModule' || key === 'then' || typeof key === 'symbol' ? undefined : key === 'prototype' ? target.prototype : stub
// esbuild gives the namespace of an import the prototype of the module: names are found there
const names = new Proxy({}, { get })
const stub = new Proxy(function () {}, { get, getPrototypeOf: () => names, apply: refuse, construct: refuse, set: refuse })
module.exports = stub`
}
