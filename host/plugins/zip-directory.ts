import { refusalOfName } from './entry-name.ts'
import { InstallError } from './errors.ts'

/**
 * Reads the central directory of a zip and believes nothing of it that the archive itself does not bear out
 * (PKWARE APPNOTE 4.3, 4.4): one end record at the very end, no zip64, entries that lie side by side from the first byte
 * on, local headers that say the same as the directory.
 */
export interface ZipEntry {
  readonly name: string
  readonly isFolder: boolean
  readonly method: 0 | 8
  readonly crc: number
  readonly packedBytes: number
  readonly bytes: number
}

export interface ZipLimits {
  readonly archiveBytes: number
  readonly contentBytes: number
  readonly entries: number
}

export const zipLimits: ZipLimits = Object.freeze({
  archiveBytes: 20 << 20,
  contentBytes: 60 << 20,
  entries: 3000,
})

const END = 0x06054b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const END_BYTES = 22
const ENCRYPTED = 0x2041
const UTF8 = 0x800
const UNICODE_PATH = 0x7075
const TYPE_MASK = 0o170000
const REGULAR = 0o100000
const FOLDER = 0o040000
const SPECIAL_BITS = 0o7000
const MAX_RATIO = 200

export function readZipDirectory(zip: Buffer, limits: ZipLimits = zipLimits): ZipEntry[] {
  if (zip.length > limits.archiveBytes) {
    throw new InstallError(
      'too-large',
      `the archive has ${zip.length} bytes; ${limits.archiveBytes} are allowed`,
    )
  }
  const end = findEnd(zip)
  const count = zip.readUInt16LE(end + 10)
  const size = zip.readUInt32LE(end + 12)
  const offset = zip.readUInt32LE(end + 16)
  if (count === 0xffff || offset === 0xffffffff || count !== zip.readUInt16LE(end + 8)) {
    bad('is split or uses zip64, which no plugin needs')
  }
  if (count > limits.entries) bad(`holds ${count} entries; ${limits.entries} are allowed`)
  if (offset + size !== end) bad('has bytes between its directory and its end')

  const entries: (ZipEntry & { offset: number; next: number })[] = []
  let at = offset
  let total = 0
  for (let i = 0; i < count; i++) {
    const entry = readCentral(zip, at, end)
    total += entry.bytes
    if (total > limits.contentBytes) bad(`unpacks to more than ${limits.contentBytes} bytes`)
    entries.push(entry)
    at = entry.next
  }
  if (at !== end) bad('has a directory whose length is not what it says')
  checkSideBySide(entries, zip, offset)
  return entries
}

/** The end record has to be the last thing in the file, and the only one. */
function findEnd(zip: Buffer): number {
  if (zip.length < END_BYTES) throw notAZip()
  let found = -1
  for (let at = zip.length - END_BYTES; at >= 0 && at >= zip.length - END_BYTES - 0xffff; at--) {
    if (zip.readUInt32LE(at) !== END) continue
    if (found >= 0) bad('has two end records')
    const length = at + END_BYTES + zip.readUInt16LE(at + 20)
    if (length === zip.length) found = at
    else if (length > zip.length) bad('is cut off: its end is missing')
    else if (zip.readUInt32LE(0) === LOCAL) bad('has bytes behind its end')
  }
  if (found < 0) {
    if (zip.readUInt32LE(0) === LOCAL) bad('is cut off: its end is missing')
    throw notAZip()
  }
  return found
}

function readCentral(
  zip: Buffer,
  at: number,
  end: number,
): ZipEntry & { offset: number; next: number } {
  if (at + 46 > end || zip.readUInt32LE(at) !== CENTRAL) bad('has a broken directory')
  const nameLength = zip.readUInt16LE(at + 28)
  const extraLength = zip.readUInt16LE(at + 30)
  const next = at + 46 + nameLength + extraLength + zip.readUInt16LE(at + 32)
  if (next > end) bad('has a broken directory')
  const flags = zip.readUInt16LE(at + 8)
  const nameBytes = zip.subarray(at + 46, at + 46 + nameLength)
  const name = nameBytes.toString(
    (flags & UTF8) !== 0 ? 'utf8' : isAscii(nameBytes) ? 'latin1' : 'utf8',
  )
  const why = refusalOfName(name)
  if (why !== undefined) bad(`holds an entry ${shown(name)} that is refused: ${why}`)
  if (hasUnicodePath(zip.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength))) {
    bad(`holds an entry ${shown(name)} with a second name`)
  }
  const what = `entry ${shown(name)}`
  if ((flags & ENCRYPTED) !== 0) bad(`holds an encrypted ${what}`)
  const method = zip.readUInt16LE(at + 10)
  if (method !== 0 && method !== 8)
    bad(`holds an ${what} compressed in a way that is not known (${method})`)
  const packedBytes = zip.readUInt32LE(at + 20)
  const bytes = zip.readUInt32LE(at + 24)
  if (bytes > 1 << 20 && bytes > packedBytes * MAX_RATIO)
    bad(`holds an ${what} that unpacks to ${MAX_RATIO} times its size`)
  const isFolder = name.endsWith('/')
  checkMode(zip.readUInt16LE(at + 4) >> 8, zip.readUInt32LE(at + 38) >>> 16, isFolder, what)
  return {
    name,
    isFolder,
    method,
    crc: zip.readUInt32LE(at + 16),
    packedBytes,
    bytes,
    offset: zip.readUInt32LE(at + 42),
    next,
  }
}

function checkMode(system: number, mode: number, isFolder: boolean, what: string): void {
  if (system !== 3 || mode === 0) return
  const type = mode & TYPE_MASK
  if (type !== 0 && type !== (isFolder ? FOLDER : REGULAR))
    bad(`holds an ${what} that is a link or a device`)
  if ((mode & SPECIAL_BITS) !== 0) bad(`holds an ${what} with set-user-id bits`)
}

/** Local headers lie one behind the other from the first byte to the directory, and repeat what the directory says. */
function checkSideBySide(
  entries: readonly (ZipEntry & { offset: number })[],
  zip: Buffer,
  directory: number,
): void {
  let at = 0
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    const what = `entry ${shown(entry.name)}`
    if (entry.offset !== at || at + 30 > directory || zip.readUInt32LE(at) !== LOCAL) {
      bad(`holds an ${what} that is not where its directory says`)
    }
    const nameLength = zip.readUInt16LE(at + 26)
    const name = zip.subarray(at + 30, at + 30 + nameLength)
    const start = at + 30 + nameLength + zip.readUInt16LE(at + 28)
    const hasDescriptor = (zip.readUInt16LE(at + 6) & 8) !== 0
    const agrees =
      name.equals(Buffer.from(entry.name, isAscii(name) ? 'latin1' : 'utf8')) &&
      zip.readUInt16LE(at + 8) === entry.method &&
      (hasDescriptor ||
        (zip.readUInt32LE(at + 14) === entry.crc &&
          zip.readUInt32LE(at + 18) === entry.packedBytes &&
          zip.readUInt32LE(at + 22) === entry.bytes))
    if (!agrees) bad(`holds an ${what} whose header and directory disagree`)
    at = start + entry.packedBytes
    if (hasDescriptor) at += at + 4 <= directory && zip.readUInt32LE(at) === 0x08074b50 ? 16 : 12
    if (at > directory) bad(`holds an ${what} that runs into the directory`)
  }
  if (at !== directory) bad('has bytes that belong to no entry')
}

function hasUnicodePath(extra: Buffer): boolean {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === UNICODE_PATH) return true
  }
  return false
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 128)
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80))
}

function notAZip(): InstallError {
  return new InstallError('not-a-zip', 'the file is not a zip archive')
}

function bad(what: string): never {
  throw new InstallError('bad-archive', `the archive ${what}`)
}
