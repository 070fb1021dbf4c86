import { posix } from 'node:path'
import semver from 'semver'
import { nearest } from '#src/sql/near.ts'
import type { ArchiveFiles } from './archive.ts'
import { InstallError } from './errors.ts'
import { checkManifest } from './manifest.ts'
import { type Permissions, readPermissions } from './permissions.ts'
import { normalVersion } from './version.ts'

export const extensionKinds = ['source', 'sink', 'function'] as const
export type ExtensionKind = (typeof extensionKinds)[number]

/** One source, sink or function of a package. */
export interface Extension {
  readonly kind: ExtensionKind
  readonly name: string
  /** The script in the archive. */
  readonly file: string
  readonly export: string
  /** The JSON Schema of its options, checked before `configure`. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
}

/** What a zip holds, whichever of the two layouts it has. */
export interface PackageContent {
  readonly package: string
  readonly version: string
  readonly extensions: readonly Extension[]
  /** Kuiper's name of a function plugin, where its functions have others. */
  readonly alias?: string | undefined
  readonly permissions: Permissions
  /** `random.yaml` at the root, by the name of its source: copied to `etc/sources` if there is none. */
  readonly yaml: Readonly<Record<string, string>>
  /** An `install.sh` is in the zip; it is never run, and the answer says so. */
  readonly hasInstallScript: boolean
}

/** What a request names. Kuiper's `functions` lists the functions of a script that holds several. */
export interface Wanted {
  readonly kind: ExtensionKind
  readonly name: string
  readonly functions?: readonly string[] | undefined
}

const NAME = /^[a-zA-Z0-9_-]+$/
const MAX_VERSION = 100
const SCRIPT = /\.(js|mjs|cjs|ts)$/

/**
 * Finds out what a zip holds.
 *
 * @param wanted kind and name from the request: Kuiper's layout says neither itself, a manifest does
 * @throws InstallError `no-manifest`, `bad-manifest`, `newer-host-needed`, `not-in-package`
 */
export function readLayout(
  files: ArchiveFiles,
  wanted: Wanted | undefined,
  hostVersion: string,
): PackageContent {
  if (files.has('package.json')) return readPackage(files, wanted, hostVersion)
  if (wanted !== undefined) return readKuiper(files, wanted)
  throw new InstallError(
    'no-manifest',
    'the archive has no package.json with a "plutino" section, so nothing in it says what it is; install it by kind and name: POST /plugins/{sources|sinks|functions} {"name", "file"}',
  )
}

/** @throws InstallError `not-in-package` with the names that are */
function checkWanted(
  { kind, name }: Wanted,
  packageName: string,
  extensions: readonly Extension[],
): void {
  const names = extensions
    .filter((extension) => extension.kind === kind)
    .map((extension) => extension.name)
  if (names.includes(name)) return
  const near = nearest(name, names)
  const hint = near === undefined ? '' : `; did you mean "${near}"?`
  const has = names.length === 0 ? `no ${kind}` : names.join(', ')
  throw new InstallError(
    'not-in-package',
    `${kind} "${name}" is not in package "${packageName}", which has ${has}${hint}`,
  )
}

function readPackage(
  files: ArchiveFiles,
  wanted: Wanted | undefined,
  hostVersion: string,
): PackageContent {
  const manifest = checkManifest(files.get('package.json') as Buffer)
  const range = manifest.engines?.plutino
  if (range !== undefined && !semver.satisfies(hostVersion, range, { includePrerelease: true })) {
    throw new InstallError(
      'newer-host-needed',
      `package "${manifest.name}" ${manifest.version} needs plutino ${range}; this host is ${hostVersion}`,
    )
  }
  const extensions: Extension[] = []
  for (const kind of extensionKinds) {
    for (const [name, entry] of Object.entries(manifest.plutino[`${kind}s`] ?? {})) {
      extensions.push(extensionOf(kind, name, entry, files))
    }
  }
  if (extensions.length === 0)
    throw new InstallError(
      'bad-manifest',
      `package "${manifest.name}" has no sources, sinks or functions in its "plutino" section`,
    )
  if (wanted !== undefined) checkWanted(wanted, manifest.name, extensions)
  for (const name of wanted?.functions ?? [])
    checkWanted({ kind: 'function', name }, manifest.name, extensions)
  return {
    package: manifest.name,
    version: manifest.version,
    extensions,
    permissions: readPermissions(manifest.plutino.permissions ?? {}),
    yaml: yamlOf(files, extensions),
    hasInstallScript: files.has('install.sh'),
  }
}

type Entry = string | { readonly file: string; readonly options?: string | undefined }

function extensionOf(
  kind: ExtensionKind,
  name: string,
  entry: Entry,
  files: ArchiveFiles,
): Extension {
  const what = `${kind} "${name}"`
  if (!NAME.test(name) || name === '__proto__' || name === 'constructor') {
    throw new InstallError('bad-manifest', `${what}: a name has only letters, digits, "_" and "-"`)
  }
  const [path = '', exported] = (typeof entry === 'string' ? entry : entry.file).split('#')
  const file = inside(path, what)
  if (!files.has(file)) {
    const near = nearest(file, files.keys())
    throw new InstallError(
      'bad-manifest',
      `${what}: file "${path}" is not in the package${near === undefined ? '' : `; did you mean "${near}"?`}`,
    )
  }
  if (!SCRIPT.test(file))
    throw new InstallError(
      'bad-manifest',
      `${what}: file "${path}" is no .js, .mjs, .cjs or .ts script`,
    )
  const options =
    typeof entry === 'string' || entry.options === undefined
      ? undefined
      : readOptions(files, inside(entry.options, what), what)
  return { kind, name, file, export: exported ?? upperFirst(name), options }
}

function inside(path: string, what: string): string {
  const normal = posix.normalize(path)
  if (/^([a-z]+:|\/|\.\.(\/|$))/i.test(normal) || normal.includes('\\')) {
    throw new InstallError('bad-manifest', `${what}: file "${path}" is outside the package`)
  }
  return normal.replace(/^\.\//, '')
}

function readOptions(files: ArchiveFiles, file: string, what: string): Record<string, unknown> {
  const bytes = files.get(file)
  if (bytes === undefined)
    throw new InstallError('bad-manifest', `${what}: schema "${file}" is not in the package`)
  let schema: unknown
  try {
    schema = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new InstallError(
      'bad-manifest',
      `${what}: schema "${file}" is not JSON: ${(error as Error).message}`,
      { cause: error },
    )
  }
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw new InstallError('bad-manifest', `${what}: schema "${file}" is no JSON object`)
  return schema as Record<string, unknown>
}

/** Kuiper's layout: `Mysql@v1.0.0.js` at the root; kind and name come with the request. */
function readKuiper(files: ArchiveFiles, wanted: Wanted): PackageContent {
  const scripts = [...files.keys()].filter((file) => !file.includes('/') && SCRIPT.test(file))
  const named = scripts.map((file) => {
    const [base = '', ...version] = file.replace(SCRIPT, '').split('@')
    return { file, base, version: normalVersion(version.join('@')) }
  })
  if (named.length === 0) {
    throw new InstallError(
      'no-manifest',
      `the archive has neither a package.json with a "plutino" section nor a script such as ${upperFirst(wanted.name)}@v1.0.0.js at its root`,
    )
  }
  const found = named.find(({ base }) => base === wanted.name || base === upperFirst(wanted.name))
  if (found === undefined) {
    const names = named.map(({ base }) => lowerFirst(base))
    throw new InstallError(
      'not-in-package',
      `${wanted.kind} "${wanted.name}" is not in the archive, which has ${names.join(', ')}`,
    )
  }
  const { kind, name, functions } = wanted
  if (found.version.length > MAX_VERSION)
    throw new InstallError(
      'bad-manifest',
      `"${found.file}": a version has at most ${MAX_VERSION} characters`,
    )
  const names = functions === undefined || functions.length === 0 ? [name] : [...new Set(functions)]
  const extensions = names.map((each) => ({
    kind,
    name: each,
    file: found.file,
    export: upperFirst(each),
  }))
  return {
    package: name,
    version: found.version,
    extensions,
    alias: names.includes(name) ? undefined : name,
    permissions: {},
    yaml: yamlOf(files, extensions),
    hasInstallScript: files.has('install.sh'),
  }
}

function yamlOf(files: ArchiveFiles, extensions: readonly Extension[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { kind, name } of extensions) {
    const text = kind === 'source' ? files.get(`${name}.yaml`) : undefined
    if (text !== undefined) found[name] = text.toString('utf8')
  }
  return found
}

function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
