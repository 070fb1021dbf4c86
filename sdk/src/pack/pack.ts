import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import yazl from 'yazl'
import { bundleScript, type ScriptBundle, scriptName } from './bundle.ts'
import { PackError } from './errors.ts'
import { type Project, type ProjectEntry, readProject } from './project.ts'
import { SIGNATURE_FILE, signedText } from './signature.ts'

export { type ScriptBundle, scriptName } from './bundle.ts'
export { PackError, type PackErrorCode } from './errors.ts'
export type { Project } from './project.ts'

export interface PackOptions {
  /** Where the zip goes. @default `target/plugins/NAME@vX.zip` in the project, below its kind's folder when it has one only */
  readonly output?: string | undefined
  /** Looks at the project and its bundles before anything is written; what it throws refuses them. */
  check?(project: Project, scripts: ReadonlyMap<string, ScriptBundle>): void | Promise<void>
  /** Makes the entry `SIGNATURE` of what is signed. */
  sign?(text: string): Promise<string>
}

export interface Packed {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  readonly files: readonly string[]
}

/** Every zip of the same sources is the same: no time of the day, no mode of the author's files. */
const FIXED = {
  mtime: new Date('2000-01-01T00:00:00Z'),
  mode: 0o100644,
  compressionLevel: 9,
} as const

/**
 * Packs a plugin project: each of its scripts bundled with its npm dependencies, its package.json, README and yaml files, in
 * a reproducible zip that a host installs as it is.
 *
 * @throws PackError naming the file and what to do
 */
export async function pack(folder: string, options: PackOptions = {}): Promise<Packed> {
  const project = await readProject(folder)
  const scripts = new Map<string, ScriptBundle>()
  for (const { file } of project.entries) {
    if (!scripts.has(file)) scripts.set(file, await bundleScript(folder, file))
  }
  await options.check?.(project, scripts)
  const files = new Map<string, Uint8Array | string>()
  for (const [file, { text, map }] of scripts) {
    const name = scriptName(file)
    files.set(name, `${text}//# sourceMappingURL=${basename(name)}.map\n`)
    files.set(`${name}.map`, map)
  }
  for (const entry of project.entries) {
    if (entry.options !== undefined) files.set(entry.options, await readSchema(project, entry))
  }
  files.set('package.json', JSON.stringify(packedManifest(project), undefined, 2))
  for (const extra of [
    'README.md',
    'LICENSE',
    ...project.entries.map(({ name }) => `${name}.yaml`),
  ]) {
    const bytes = await readFile(join(folder, extra)).catch(() => undefined)
    if (bytes !== undefined) files.set(extra, bytes)
  }
  if (options.sign !== undefined) files.set(SIGNATURE_FILE, await options.sign(signedText(files)))
  const zip = await zipOf(files)
  const path = options.output ?? join(folder, 'target', 'plugins', defaultName(project))
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.part`, zip)
  await rename(`${path}.part`, path)
  return {
    path,
    bytes: zip.length,
    sha256: createHash('sha256').update(zip).digest('hex'),
    files: [...files.keys()].sort(),
  }
}

async function readSchema(
  { folder }: Project,
  { kind, name, options = '' }: ProjectEntry,
): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, options))
  } catch (error) {
    throw new PackError(
      'bad-manifest',
      `${join(folder, 'package.json')}: ${kind} "${name}": schema "${options}" cannot be read: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

function packedManifest({ manifest, entries }: Project): Record<string, unknown> {
  const plutino: Record<string, unknown> = { ...(manifest.plutino as object) }
  for (const kind of ['sources', 'sinks', 'functions'] as const) {
    const own = entries.filter((entry) => entry.kind === kind)
    if (own.length > 0)
      plutino[kind] = Object.fromEntries(own.map((entry) => [entry.name, packedEntry(entry)]))
  }
  const { name, version, description, license, author, engines } = manifest
  return { name, version, description, license, author, type: 'commonjs', engines, plutino }
}

function packedEntry({ file, suffix, options }: ProjectEntry): string | object {
  const script = scriptName(file) + suffix
  return options === undefined ? script : { file: script, options }
}

function defaultName({ name, version, entries }: Project): string {
  const [only] = entries
  if (entries.length !== 1 || only === undefined) return `${name.replace('/', '-')}@v${version}.zip`
  return join(
    only.kind,
    `${only.name.charAt(0).toUpperCase()}${only.name.slice(1)}@v${version}.zip`,
  )
}

async function zipOf(files: ReadonlyMap<string, Uint8Array | string>): Promise<Buffer> {
  const zip = new yazl.ZipFile()
  for (const name of [...files.keys()].sort())
    zip.addBuffer(Buffer.from(files.get(name) ?? ''), name, FIXED)
  zip.end()
  const parts: Buffer[] = []
  for await (const part of zip.outputStream) parts.push(part as Buffer)
  return Buffer.concat(parts)
}
