import { randomUUID } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, opendir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { isUsable, TEMPORARY } from './names.ts'

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

/** Linux lets a name be looked up in an open folder, so that nothing on the way can be put in its place meanwhile. */
const HAS_FOLDERS_BY_NUMBER = process.platform === 'linux'

/** Refused by us, in the words of the system. */
export class FileError extends Error {
  override readonly name = 'FileError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * A folder below a root, reached without following a link: each part of the name is opened in the folder before it. Names
 * in it are used while it is open.
 */
export class OpenFolder {
  readonly #handle: FileHandle | undefined
  readonly #path: string

  private constructor(path: string, handle: FileHandle | undefined) {
    this.#path = path
    this.#handle = handle
  }

  /**
   * @param root where the operator or the host says; links in it are theirs
   * @param make folders that are missing are made
   */
  static async open(root: string, parts: readonly string[], make = false): Promise<OpenFolder> {
    let folder = await OpenFolder.#root(root)
    for (const part of parts) {
      const within = folder
      try {
        if (make) await makeFolder(within.at(part))
        folder = await within.#enter(part)
      } finally {
        await within.close()
      }
    }
    return folder
  }

  static async #root(root: string): Promise<OpenFolder> {
    if (!HAS_FOLDERS_BY_NUMBER) return new OpenFolder(await realpath(root), undefined)
    return new OpenFolder(root, await open(root, O_RDONLY | O_DIRECTORY))
  }

  /** How a name in this folder is given to the system. */
  at(name: string): string {
    return this.#handle === undefined
      ? join(this.#path, name)
      : `/proc/self/fd/${this.#handle.fd}/${name}`
  }

  temporary(): string {
    return `${TEMPORARY}${randomUUID()}`
  }

  /** `undefined`: there is nothing. @throws FileError for what is neither a plain file nor a folder */
  async look(name: string): Promise<Stats | undefined> {
    let found: Stats
    try {
      found = await lstat(this.at(name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    checkPlain(found)
    return found
  }

  /** A plain file of one name. Its kind is looked at before, so that no device is opened, and after it was opened. */
  async openFile(name: string, flags: number): Promise<{ file: FileHandle; stats: Stats }> {
    const before = await this.look(name)
    if (before?.isDirectory() === true) throw new FileError('EISDIR', 'it is a folder')
    const file = await open(this.at(name), flags | O_NOFOLLOW | O_NONBLOCK, 0o600)
    try {
      const stats = await file.stat()
      checkPlain(stats)
      if (!stats.isFile()) throw new FileError('EISDIR', 'it is a folder')
      return { file, stats }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Names in no order, without what could not be used by its name. */
  async *names(): AsyncGenerator<string> {
    for await (const entry of await opendir(this.at('.'), { bufferSize: 256 }))
      if ((entry.isFile() || entry.isDirectory()) && isUsable(entry.name)) yield entry.name
  }

  /** What a host that was killed has left half written. */
  async *abandoned(): AsyncGenerator<string> {
    for await (const entry of await opendir(this.at('.')))
      if (entry.isFile() && entry.name.startsWith(TEMPORARY)) yield entry.name
  }

  async close(): Promise<void> {
    await this.#handle?.close()
  }

  async #enter(part: string): Promise<OpenFolder> {
    if (this.#handle !== undefined) {
      const handle = await open(this.at(part), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
      return new OpenFolder('', handle)
    }
    const path = this.at(part)
    const found = await lstat(path)
    if (found.isSymbolicLink()) throw new FileError('ELOOP', 'there is a link on the way')
    if (!found.isDirectory()) throw new FileError('ENOTDIR', 'a part of the name is no folder')
    if ((await realpath(path)) !== path) throw new FileError('ELOOP', 'there is a link on the way')
    return new OpenFolder(path, undefined)
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** A second name would be a way around the folder's border; a pipe or a device is no file. */
function checkPlain(stats: Stats): void {
  if (stats.isSymbolicLink()) throw new FileError('ELOOP', 'it is a link')
  if (stats.isDirectory()) return
  if (!stats.isFile()) throw new FileError('EACCES', 'it is neither a plain file nor a folder')
  if (stats.nlink > 1) throw new FileError('EACCES', 'it has more than one name')
}
