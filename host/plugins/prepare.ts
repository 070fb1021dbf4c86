import { createHash } from 'node:crypto'
import { readArchive } from './archive.ts'
import { bundleExtension } from './bundle.ts'
import { type PackageContent, readLayout, type Wanted } from './layout.ts'

export interface PrepareRequest {
  readonly zip: Uint8Array
  readonly wanted: Wanted
  readonly hostVersion: string
}

/** A package ready to be stored: checked, and each of its scripts bundled. */
export interface Prepared {
  readonly content: PackageContent
  readonly sha256: string
  readonly scripts: readonly PreparedScript[]
  /** The zip's `etc/`: reaches the plugin read-only. */
  readonly etc: readonly { readonly name: string; readonly bytes: Uint8Array }[]
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
export async function prepare({ zip, wanted, hostVersion }: PrepareRequest): Promise<Prepared> {
  const bytes = Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength)
  const files = readArchive(bytes)
  const content = readLayout(files, wanted, hostVersion)
  const scripts: PreparedScript[] = []
  for (const file of new Set(content.extensions.map((extension) => extension.file))) {
    const { text, map, nodeModules } = await bundleExtension(files, file)
    scripts.push({ file, text, map, sha256: sha256(text), nodeModules })
  }
  const etc = [...files]
    .filter(([name]) => name.startsWith('etc/'))
    .map(([name, data]) => ({ name, bytes: Uint8Array.from(data) }))
  return { content, sha256: sha256(bytes), scripts, etc }
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
