import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type BuildOptions,
  context,
  type Loader,
  type Message,
  type OnResolveArgs,
  type Plugin,
} from 'esbuild'
import type { ArchiveFiles } from './archive.ts'
import { findFile } from './bundle-files.ts'
import { InstallError } from './errors.ts'
import { escapeTexts, refuseImports } from './escape-texts.ts'
import {
  isShim,
  loadNodeModule,
  NODE_NAMESPACE,
  nodeModuleOf,
  resolveOfShim,
} from './node-shims.ts'

/** One script for one extension file of a package: CommonJS, with its npm dependencies, no import left. */
export interface Bundle {
  readonly text: string
  readonly map: string
  /** Node's own modules that the code names. What stands for them is in the bundle, or refuses when it is used. */
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
const root = fileURLToPath(new URL('../../', import.meta.url))
const sdkEntry = fileURLToPath(new URL('../../sdk/src/index.ts', import.meta.url))
const MAX_MS = 30_000
const MAX_TEXT = 32 * 2 ** 20

/**
 * Bundles from the files of the archive alone: esbuild sees no disk but the SDK and what stands for Node's modules, so nothing
 * of the host can be read by a path, a link or a configuration file of the package.
 */
export async function bundleExtension(files: ArchiveFiles, entry: string): Promise<Bundle> {
  const nodeModules = new Set<string>()
  const { warnings, outputFiles = [] } = await built({
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
    tsconfigRaw: '{}',
    define: { 'import.meta.url': '"file:///plugin/index.js"' },
    // What is left of them becomes `require`, which the sandbox refuses by name.
    supported: { 'dynamic-import': false },
    // Names in the text and in the map are told from here: they say nothing of where the host lies.
    absWorkingDir: root,
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
  const evil = warnings.find(({ id }) => id === 'direct-eval')
  if (evil !== undefined)
    throw new InstallError(
      'bad-plugin',
      `${textOf(evil, entry)}; a sandboxed plugin has no direct eval`,
    )
  const script = outputFiles.find(({ path }) => path.endsWith('plugin.js'))
  const map = outputFiles.find(({ path }) => path.endsWith('.map'))
  const text = await confinable(script?.text ?? '', entry)
  return { text, map: map?.text ?? '', nodeModules: [...nodeModules].sort() }
}

/** @throws when it takes too long */
async function built(options: BuildOptions & { readonly write: false }) {
  const bundler = await context(options)
  const late = new Error(`bundling did not end within ${MAX_MS} ms`)
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(late)
    void bundler.cancel()
  }, MAX_MS)
  try {
    return await Promise.race([bundler.rebuild(), promise])
  } finally {
    clearTimeout(timer)
    // Not waited for: a build that is cancelled may take its time.
    void bundler.dispose()
  }
}

/** The script as the sandbox takes it. */
async function confinable(text: string, entry: string): Promise<string> {
  if (text.length > MAX_TEXT)
    throw new InstallError(
      'bad-plugin',
      `${entry}: its bundle has ${text.length} characters, ${MAX_TEXT} are allowed`,
    )
  try {
    const made = escapeTexts(text)
    await refuseImports(made)
    return made
  } catch (error) {
    throw new InstallError('bad-plugin', `${entry}: ${(error as Error).message}`)
  }
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
        if (isShim(args)) return resolveOfShim(args)
        try {
          return resolve(files, args, nodeModules)
        } catch (error) {
          // An error of a callback would name files of the host.
          return { errors: [{ text: (error as Error).message }] }
        }
      })
      bundler.onLoad({ filter: /.*/, namespace: 'archive' }, ({ path }) => {
        const bytes = files.get(path)
        if (bytes === undefined) return { errors: [{ text: `"${path}" is not in the package` }] }
        const loader = LOADERS[posix.extname(path)] ?? 'text'
        return { contents: withMap(bytes, files.get(`${path}.map`)), loader, resolveDir: '/' }
      })
      bundler.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
        contents: absentModule(path),
        loader: 'js',
      }))
      bundler.onLoad({ filter: /.*/, namespace: NODE_NAMESPACE }, ({ path }) =>
        loadNodeModule(path),
      )
    },
  }
}

function resolve(
  files: ArchiveFiles,
  { path, importer, kind }: OnResolveArgs,
  nodeModules: Set<string>,
) {
  if (path === '@plutino/sdk') return { path: sdkEntry, namespace: 'file' }
  const name = nodeModuleOf(path)
  if (name !== undefined) {
    nodeModules.add(name)
    return { path: name, namespace: NODE_NAMESPACE }
  }
  const found = findFile(files, path, importer, kind === 'require-call' ? 'require' : 'import')
  if (found !== undefined) return { path: found, namespace: 'archive' }
  // Whoever asks while it runs is told then: packages do, of others that they can do without.
  const isOptional = kind === 'require-call' || kind === 'dynamic-import'
  if (isOptional && isPackageName(path)) return { path, namespace: 'absent' }
  return {
    errors: [{ text: `"${path}" is not in the package; bundle it with "plutino plugin pack"` }],
  }
}

/** A script's own map, from packing, is put into it: the bundler goes on from there to the author's lines. */
function withMap(script: Buffer, map: Buffer | undefined): Buffer {
  if (map === undefined) return script
  const url = `data:application/json;base64,${map.toString('base64')}`
  return Buffer.concat([script, Buffer.from(`\n//# sourceMappingURL=${url}`)])
}

function isPackageName(path: string): boolean {
  return /^(?:@[\w.-]+\/)?[\w-][\w./-]*$/.test(path)
}

function absentModule(path: string): string {
  const what = JSON.stringify(`Cannot find module "${path}": it is not in the package`)
  return `throw Object.assign(new Error(${what}), { code: 'MODULE_NOT_FOUND' })`
}
