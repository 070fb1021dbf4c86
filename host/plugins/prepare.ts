import { createHash } from 'node:crypto'
import { type ArchiveFiles, readArchive } from './archive.ts'
import { bundleExtension } from './bundle.ts'
import { readGrants, whoIs } from './grants.ts'
import { type PackageContent, readLayout, type Wanted } from './layout.ts'
import { readSigner } from './signature.ts'
import { zipLimits } from './zip-directory.ts'

export interface PrepareRequest {
  readonly zip: Uint8Array
  /** `undefined`: whatever the package's manifest names. */
  readonly wanted?: Wanted | undefined
  readonly hostVersion: string
  /** Raw files instead of bundles for `trusted`. @default `sandboxed` */
  readonly tier?: 'sandboxed' | 'trusted' | undefined
  /** What the operator grants: refused before anything is bundled. @default nothing */
  readonly grants?: unknown
  /** Only the content is wanted: nothing is bundled. */
  readonly isPreview?: boolean | undefined
}

/** A package ready to be stored: checked, and each of its scripts bundled. */
export interface Prepared {
  readonly content: PackageContent
  readonly sha256: string
  readonly scripts: readonly PreparedScript[]
  /** The zip's `etc/`: reaches the plugin read-only. */
  readonly etc: readonly PackedFile[]
  readonly tier: 'sandboxed' | 'trusted'
  /** Whose signature the package has, and it holds. */
  readonly signer?: string | undefined
  /** All files of a trusted package, which is loaded as it is. */
  readonly files?: readonly PackedFile[] | undefined
}

export interface PackedFile {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface PreparedScript {
  /** The file in the package that it was made from. */
  readonly file: string
  readonly text: string
  readonly map: string
  readonly sha256: string
  readonly nodeModules: readonly string[]
}

/** All the long synchronous work of an installation; runs in the utility worker. */
export async function prepare(
  request: PrepareRequest,
  progress: (step: 'checked' | 'bundled') => void = () => {},
): Promise<Prepared> {
  const { zip, wanted, hostVersion, grants, tier = 'sandboxed', isPreview = false } = request
  const bytes = Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength)
  const files = readArchive(bytes, zipLimits, isPreview ? 'trusted' : tier)
  const signer = readSigner(files)
  const content = readLayout(files, wanted, hostVersion)
  if (grants !== undefined) readGrants(whoIs(wanted, content.package), content.permissions, grants)
  progress('checked')
  const isTrusted = tier === 'trusted'
  const made = new Set(isPreview ? [] : content.extensions.map((extension) => extension.file))
  const scripts: PreparedScript[] = []
  for (const file of made)
    scripts.push(isTrusted ? rawScript(files, file) : await bundledScript(files, file))
  progress('bundled')
  const packed = [...files].map(([name, data]) => ({ name, bytes: Uint8Array.from(data) }))
  const etc = isPreview ? [] : packed.filter(({ name }) => name.startsWith('etc/'))
  const own = { content, sha256: sha256(bytes), scripts, etc, tier, signer }
  return isTrusted && !isPreview ? { ...own, files: withManifest(packed) } : own
}

async function bundledScript(files: ArchiveFiles, file: string): Promise<PreparedScript> {
  const { text, map, nodeModules } = await bundleExtension(files, file)
  return { file, text, map, sha256: sha256(text), nodeModules }
}

function rawScript(files: ArchiveFiles, file: string): PreparedScript {
  const text = files.get(file)?.toString('utf8') ?? ''
  return { file, text, map: '', sha256: sha256(text), nodeModules: [] }
}

/** Without one Node would take the type of modules from whatever manifest lies above the data folder. */
function withManifest(files: readonly PackedFile[]): readonly PackedFile[] {
  if (files.some(({ name }) => name === 'package.json')) return files
  return [...files, { name: 'package.json', bytes: new TextEncoder().encode('{}') }]
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
