import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bundleExtension } from '#host/plugins/bundle.ts'
import { entryOf } from '#test/worker/bundle.ts'
import { RuleThread } from '#test/worker/rule-thread.ts'

export interface Check {
  readonly name: string
  /** What of the package is checked, when it is listed more than once. */
  readonly part?: string
  readonly kind: string
  readonly does: string
  readonly run: () => Promise<unknown>
  readonly gives: unknown
  /** It does not work, and this is what it says. */
  readonly fails?: RegExp
  readonly reason?: string
}

const root = fileURLToPath(new URL('../../../', import.meta.url))
/** The package whose dependencies are the ones that the table is about. */
const workspace = path.join(root, 'test', 'compatibility')
const WAIT_MS = 90_000

/** The version of a package that is installed. */
export function versionOf(name: string): string {
  return (manifestOf(folderOf(name, workspace)) as { version: string }).version
}

/**
 * Runs a check as a plugin: its code and the packages that it needs as the files of an archive, through the product's bundler,
 * in a sandboxed worker.
 */
export async function runCheck({ name, run }: Check): Promise<{ value?: unknown; error?: string }> {
  const files = new Map<string, Buffer>()
  addPackage(files, name, workspace)
  const code = Reflect.apply(Function.prototype.toString, run, [])
  files.set('index.js', Buffer.from(`const checks = { ${code} }\n${harness}`))
  const { text } = await bundleExtension(files, 'index.js')
  const rule = new RuleThread({
    entry: await workerEntry(),
    tier: 'sandboxed',
    sql: 'SELECT check() AS answer FROM demo',
    plugins: [{ kind: 'function', name: 'check', text }],
  })
  try {
    await rule.open()
    for (const end = Date.now() + WAIT_MS; Date.now() < end; await sleep(10)) {
      const [row] = await rule.rows([{}])
      const { answer } = row as { answer: string }
      if (answer !== 'pending') return JSON.parse(answer)
    }
    return { error: `no answer within ${WAIT_MS} ms` }
  } finally {
    await rule.end()
  }
}

let entry: Promise<string> | undefined

/** Bundled once for all checks. */
function workerEntry(): Promise<string> {
  entry ??= entryOf('sandboxed')
  return entry
}

const harness = `
let answer
const told = (found) => { answer = JSON.stringify(found) }
exports.check = {
  exec() {
    if (answer === undefined) {
      answer = 'pending'
      Promise.resolve().then(() => checks.run()).then(
        (value) => told({ value }),
        (error) => told({ error: String(error?.message ?? error) }),
      )
    }
    return answer
  },
}`

/** A package and what it depends on, each where it lies in relation to the root. */
function addPackage(files: Map<string, Buffer>, name: string, importer: string): void {
  const folder = folderOf(name, importer)
  const base = path.relative(root, folder)
  if (files.has(`${base}/package.json`)) return
  addFiles(files, folder, base)
  const { dependencies = {} } = manifestOf(folder) as { dependencies?: object }
  for (const needed of Object.keys(dependencies)) addPackage(files, needed, folder)
}

function addFiles(files: Map<string, Buffer>, folder: string, base: string): void {
  for (const found of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, found.name)
    if (found.isDirectory() && found.name !== 'node_modules')
      addFiles(files, file, `${base}/${found.name}`)
    else if (/\.(?:[cm]?js|json)$/.test(found.name))
      files.set(`${base}/${found.name}`, readFileSync(file))
  }
}

/** Node's walk up the folders, which does not ask for what a package exports. */
function folderOf(name: string, importer: string): string {
  for (let at = importer; at.length >= root.length - 1; at = path.dirname(at)) {
    const candidate = path.join(at, 'node_modules', name)
    if (isThere(candidate)) return candidate
  }
  throw new Error(`${name} is not installed: run "npm ci"`)
}

function isThere(folder: string): boolean {
  try {
    return manifestOf(folder) !== undefined
  } catch {
    return false
  }
}

function manifestOf(folder: string): object {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as object
}
