import { crc32, inflateRawSync } from 'node:zlib'
import AdmZip from 'adm-zip'
import { refuseCompiledCode } from './compiled-code.ts'
import { foldedName } from './entry-name.ts'
import { InstallError } from './errors.ts'
import { readZipDirectory, type ZipEntry, type ZipLimits, zipLimits } from './zip-directory.ts'

/** The plain files of an archive by their names, below its single top folder if it has one. Nothing touches the disk. */
export type ArchiveFiles = ReadonlyMap<string, Buffer>

/**
 * Unpacks a plugin's archive in memory. The directory is checked by `readZipDirectory`; adm-zip finds the packed bytes,
 * and never unpacks anything: each entry is inflated here, up to the size that it declared.
 */
export function readArchive(
  zip: Buffer,
  limits: ZipLimits = zipLimits,
  tier: 'sandboxed' | 'trusted' = 'sandboxed',
): ArchiveFiles {
  const entries = readZipDirectory(zip, limits)
  if (entries.length === 0) throw new InstallError('bad-archive', 'the archive is empty')
  checkNames(entries)
  const packed = new Map(
    new AdmZip(zip, { noSort: true }).getEntries().map((entry) => [entry.entryName, entry]),
  )
  const files = new Map<string, Buffer>()
  for (const entry of entries) {
    if (entry.isFolder) continue
    const found = packed.get(entry.name)
    if (found === undefined)
      throw new InstallError(
        'bad-archive',
        `the archive holds an entry "${entry.name}" that cannot be read`,
      )
    files.set(entry.name, inflate(entry, found.getCompressedData()))
  }
  if (tier === 'sandboxed') refuseCompiledCode(files)
  return withoutTopFolder(files)
}

function inflate(entry: ZipEntry, packed: Buffer): Buffer {
  let bytes = packed
  if (entry.method === 8) {
    try {
      bytes = inflateRawSync(packed, { maxOutputLength: Math.max(entry.bytes, 1) })
    } catch (error) {
      throw new InstallError(
        'bad-archive',
        `the archive holds an entry "${entry.name}" whose data is damaged or larger than it says`,
        { cause: error },
      )
    }
  }
  if (bytes.length !== entry.bytes || crc32(bytes) !== entry.crc) {
    throw new InstallError(
      'bad-archive',
      `the archive holds an entry "${entry.name}" whose length or checksum is wrong`,
    )
  }
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === ZIP_MAGIC) {
    throw new InstallError(
      'bad-archive',
      `the archive holds another archive, "${entry.name}"; put its files in as they are`,
    )
  }
  return bytes
}

function checkNames(entries: readonly ZipEntry[]): void {
  const seen = new Map<string, ZipEntry>()
  for (const entry of entries) {
    const key = foldedName(entry.name)
    const other = seen.get(key)
    if (other !== undefined) {
      throw new InstallError(
        'bad-archive',
        `the archive holds "${entry.name}" and "${other.name}", which some file systems take for one`,
      )
    }
    seen.set(key, entry)
  }
  for (const entry of entries) {
    const parts = foldedName(entry.name).split('/')
    for (let i = 1; i < parts.length; i++) {
      const parent = seen.get(parts.slice(0, i).join('/'))
      if (parent !== undefined && !parent.isFolder) {
        throw new InstallError(
          'bad-archive',
          `the archive holds "${parent.name}" both as a file and as a folder`,
        )
      }
    }
  }
}

/** Many tools put everything into one folder named like the archive. */
function withoutTopFolder(files: Map<string, Buffer>): ArchiveFiles {
  if (files.has('package.json')) return files
  const tops = new Set([...files.keys()].map((name) => name.slice(0, name.indexOf('/') + 1)))
  const [top] = tops
  if (tops.size !== 1 || top === undefined || top === '') return files
  return new Map([...files].map(([name, bytes]) => [name.slice(top.length), bytes]))
}

const ZIP_MAGIC = 0x504b0304
