import { existsSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { OnLoadResult, OnResolveArgs, OnResolveResult } from 'esbuild'

/** The namespace in the bundler of what stands for Node's modules. */
export const NODE_NAMESPACE = 'node'

const folder = fileURLToPath(new URL('shims/', import.meta.url))
const resolvePackage = createRequire(import.meta.url).resolve

/** By the name of Node's module: a package of npm, or a file of `shims`. Whatever is not here refuses when it is used. */
const shims: Readonly<Record<string, string>> = {
  assert: 'npm:assert/',
  'assert/strict': 'npm:assert/',
  async_hooks: 'async-hooks.cjs',
  buffer: 'buffer.cjs',
  console: 'console.cjs',
  constants: 'constants.cjs',
  crypto: 'crypto.cjs',
  diagnostics_channel: 'diagnostics-channel.cjs',
  dns: 'dns.cjs',
  'dns/promises': 'dns-promises.cjs',
  events: 'npm:events/',
  http: 'http.js',
  https: 'https.js',
  module: 'module.cjs',
  net: 'net.js',
  os: 'os.cjs',
  path: 'npm:path-browserify',
  'path/posix': 'npm:path-browserify',
  perf_hooks: 'perf-hooks.cjs',
  process: 'process.cjs',
  punycode: 'npm:punycode/',
  querystring: 'querystring.cjs',
  stream: 'stream.cjs',
  'stream/consumers': 'stream-consumers.cjs',
  'stream/promises': 'stream-promises.cjs',
  'stream/web': 'stream-web.cjs',
  string_decoder: 'npm:string_decoder/',
  sys: 'util.cjs',
  timers: 'timers.cjs',
  'timers/promises': 'timers-promises.cjs',
  tls: 'tls.js',
  tty: 'tty.cjs',
  url: 'url.cjs',
  util: 'util.cjs',
  'util/types': 'util-types.cjs',
  zlib: 'zlib.cjs',
}

/** The name of Node's module that is meant, `undefined` when it is none: `node:fs`, `fs`, and `fs/` from our own side. */
export function nodeModuleOf(path: string): string | undefined {
  const name = path.replace(/^node:/, '')
  return path.startsWith('node:') || isBuiltin(name) ? name : undefined
}

/** Resolves for what stands for Node's modules itself: trusted code of the host and of packages that it is made of. */
export function resolveOfShim({ path }: OnResolveArgs): OnResolveResult | undefined {
  if (path.startsWith('plutino:')) return { path, external: true }
  if (path.startsWith('npm:')) return { path: packageFile(path) }
  const name = nodeModuleOf(path.replace(/\/$/, ''))
  return name === undefined ? undefined : { path: name, namespace: NODE_NAMESPACE }
}

export function isShim({ importer, namespace }: OnResolveArgs): boolean {
  return namespace === NODE_NAMESPACE || (namespace === 'file' && importer !== '')
}

/** The script that stands for one of Node's modules. */
export async function loadNodeModule(name: string): Promise<OnLoadResult> {
  const file = shimFile(name)
  if (file === undefined) return { contents: deniedModule(name), loader: 'js' }
  const complete = JSON.stringify(`${folder}complete.cjs`)
  const missing = JSON.stringify(await functionsOf(name))
  return {
    contents: `module.exports = require(${complete})(require(${JSON.stringify(file)}), ${JSON.stringify(name)}, ${missing})`,
    loader: 'js',
    resolveDir: folder,
  }
}

/** Whether something stands for the module in a sandbox; without, all of it refuses when it is used. */
export function hasShim(name: string): boolean {
  return shimFile(name) !== undefined
}

function shimFile(name: string): string | undefined {
  const shim = Object.hasOwn(shims, name) ? shims[name] : undefined
  if (shim === undefined) return undefined
  if (shim.startsWith('npm:')) return packageFile(shim)
  return existsSync(folder + shim) ? folder + shim : undefined
}

function packageFile(path: string): string {
  const name = path.slice('npm:'.length)
  // Beside Node's module of the same name, the package is asked for with a slash.
  return resolvePackage(isBuiltin(name) ? `${name}/` : name)
}

/** Modules that print a warning when they are loaded. */
const deprecated: ReadonlySet<string> = new Set(['punycode', 'sys'])

/** What Node's module has to call. Accessors are not looked at: some of them print a warning. */
async function functionsOf(name: string): Promise<string[]> {
  if (!isBuiltin(name) || deprecated.has(name)) return []
  const real = createRequire(import.meta.url)(`node:${name}`) as object
  return Object.entries(Object.getOwnPropertyDescriptors(real))
    .filter(([key, { value }]) => typeof value === 'function' && !key.startsWith('_'))
    .map(([key]) => key)
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
