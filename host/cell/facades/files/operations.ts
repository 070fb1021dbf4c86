import { constants, type Stats } from 'node:fs'
import { rename, rmdir, unlink } from 'node:fs/promises'
import { FacadeError } from '../facade-error.ts'
import { FileError, OpenFolder } from './folder.ts'
import { ENTRY_BYTES, type Quota } from './quota.ts'

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants

/** Of one read: longer ones are made of several. */
export const MAX_PIECE = 2 ** 20
/** Of one write. */
export const MAX_WRITE = 8 * 2 ** 20
export const MAX_PAGE = 1000
/** Names of a folder that are looked through for one page of a list. */
const MAX_NAMES = 200_000

export interface FileEntry {
  readonly name: string
  readonly type: 'file' | 'folder'
  readonly bytes: number
  /** ms since the epoch */
  readonly modifiedAt: number
  /** The same for as long as it is the same file, whatever its name. */
  readonly id: string
}

/** A folder that was granted. */
export interface Ground {
  readonly root: string
  /** Of a private folder: what is written is counted. */
  readonly quota?: { readonly account: Quota; readonly limit: number } | undefined
}

type Parts = readonly string[]

export async function statOf({ root }: Ground, parts: Parts): Promise<FileEntry | undefined> {
  if (parts.length === 0) return undefined
  try {
    return await inFolder(root, parts, async (folder, name) => {
      const stats = await folder.look(name)
      return stats && entryOf(name, stats)
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The names after `after`, in the order of their code units, so many at most. */
export async function list(
  { root }: Ground,
  parts: Parts,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<FileEntry[]> {
  const folder = await OpenFolder.open(root, parts)
  try {
    for (let from = after; ; ) {
      const names = await namesAfter(folder, from, limit)
      const entries: FileEntry[] = []
      for (const name of names) {
        // gone meanwhile, or with a second name
        const stats = await folder.look(name).catch(() => undefined)
        if (stats !== undefined) entries.push(entryOf(name, stats))
      }
      // an empty page would be taken for the end
      if (entries.length > 0 || names.length < limit) return entries
      from = names.at(-1) ?? from
    }
  } finally {
    await folder.close()
  }
}

async function namesAfter(folder: OpenFolder, after: string, limit: number): Promise<string[]> {
  const first: string[] = []
  let seen = 0
  for await (const name of folder.names()) {
    if (++seen > MAX_NAMES)
      throw new FacadeError(
        'ERR_PLUGIN_LIMIT',
        `a folder of more than ${MAX_NAMES} names cannot be listed`,
      )
    if (name > after) insert(first, name, limit)
  }
  return first
}

/** What there is from `offset` on, `length` bytes at most. `id`: it has to be this file still. */
export async function read(
  { root }: Ground,
  parts: Parts,
  { offset, length, id }: { readonly offset: number; readonly length: number; readonly id: string },
): Promise<ArrayBuffer> {
  return inFolder(root, parts, async (folder, name) => {
    const { file, stats } = await folder.openFile(name, O_RDONLY)
    try {
      if (id !== '' && id !== idOf(stats))
        throw new FileError('ESTALE', 'it is another file by now')
      const wanted = Math.max(0, Math.min(length, MAX_PIECE, stats.size - offset))
      const bytes = new Uint8Array(wanted)
      let filled = 0
      while (filled < wanted) {
        const { bytesRead } = await file.read(bytes, filled, wanted - filled, offset + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return filled === wanted ? bytes.buffer : bytes.buffer.slice(0, filled)
    } finally {
      await file.close()
    }
  })
}

/** All or nothing: written beside it, synced, and put in its place. */
export async function write(ground: Ground, parts: Parts, bytes: Uint8Array): Promise<void> {
  await inFolder(ground.root, parts, async (folder, name) => {
    const old = await folder.look(name)
    if (old?.isDirectory() === true) throw new FileError('EISDIR', 'it is a folder')
    const cost = bytes.length + ENTRY_BYTES
    await counted(ground, cost, async () => {
      const beside = folder.temporary()
      const { file } = await folder.openFile(beside, O_WRONLY | O_CREAT | O_EXCL)
      try {
        await file.writeFile(bytes)
        await file.sync()
        await rename(folder.at(beside), folder.at(name))
      } catch (error) {
        await unlink(folder.at(beside)).catch(() => {})
        throw error
      } finally {
        await file.close()
      }
    })
    if (old !== undefined) ground.quota?.account.giveBack(old.size + ENTRY_BYTES)
  })
}

export async function append(
  ground: Ground,
  parts: Parts,
  { bytes, isSynced }: { readonly bytes: Uint8Array; readonly isSynced: boolean },
): Promise<void> {
  await inFolder(ground.root, parts, async (folder, name) => {
    const isNew = (await folder.look(name)) === undefined
    await counted(ground, bytes.length + (isNew ? ENTRY_BYTES : 0), async () => {
      const { file } = await folder.openFile(name, O_WRONLY | O_APPEND | O_CREAT)
      try {
        await file.writeFile(bytes)
        if (isSynced) await file.datasync()
      } finally {
        await file.close()
      }
    })
  })
}

export async function move({ root, quota }: Ground, from: Parts, to: Parts): Promise<void> {
  await inFolder(root, from, async (source, name) => {
    const found = await source.look(name)
    if (found === undefined) throw new FileError('ENOENT', 'there is no such file or folder')
    await inFolder(root, to, async (target, newName) => {
      const old = await target.look(newName)
      await rename(source.at(name), target.at(newName))
      if (old !== undefined && idOf(old) !== idOf(found))
        quota?.account.giveBack(ENTRY_BYTES + (old.isFile() ? old.size : 0))
    })
  })
}

/** A file, or an empty folder. @returns whether there was one */
export async function remove({ root, quota }: Ground, parts: Parts): Promise<boolean> {
  return inFolder(root, parts, async (folder, name) => {
    const found = await folder.look(name)
    if (found === undefined) return false
    if (found.isDirectory()) await rmdir(folder.at(name))
    else await unlink(folder.at(name))
    quota?.account.giveBack(ENTRY_BYTES + (found.isFile() ? found.size : 0))
    return true
  })
}

/** With those above it that are missing. */
export async function makeFolders(ground: Ground, parts: Parts): Promise<void> {
  const cost = parts.length * ENTRY_BYTES
  await counted(ground, cost, async () => {
    let known = 0
    for (let depth = 1; depth <= parts.length; depth++)
      if ((await statOf(ground, parts.slice(0, depth)))?.type === 'folder') known++
      else break
    const folder = await OpenFolder.open(ground.root, parts, true)
    await folder.close()
    ground.quota?.account.giveBack(known * ENTRY_BYTES)
  })
}

async function counted({ quota }: Ground, bytes: number, work: () => Promise<void>): Promise<void> {
  await quota?.account.take(bytes, quota.limit)
  try {
    await work()
  } catch (error) {
    quota?.account.giveBack(bytes)
    throw error
  }
}

async function inFolder<T>(
  root: string,
  parts: Parts,
  work: (folder: OpenFolder, name: string) => Promise<T>,
): Promise<T> {
  const name = parts.at(-1)
  if (name === undefined) throw new FileError('EISDIR', 'it is the folder itself')
  const folder = await OpenFolder.open(root, parts.slice(0, -1))
  try {
    return await work(folder, name)
  } finally {
    await folder.close()
  }
}

function entryOf(name: string, stats: Stats): FileEntry {
  return {
    name,
    type: stats.isDirectory() ? 'folder' : 'file',
    bytes: stats.isDirectory() ? 0 : stats.size,
    modifiedAt: Math.trunc(stats.mtimeMs),
    id: idOf(stats),
  }
}

function idOf({ dev, ino, birthtimeMs }: Stats): string {
  return `${dev.toString(36)}-${ino.toString(36)}-${Math.trunc(birthtimeMs).toString(36)}`
}

/** Keeps the first `limit` names, in order. */
function insert(first: string[], name: string, limit: number): void {
  const last = first[limit - 1]
  if (last !== undefined && name > last) return
  let [low, high] = [0, first.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((first[middle] ?? '') < name) low = middle + 1
    else high = middle
  }
  first.splice(low, 0, name)
  if (first.length > limit) first.pop()
}
