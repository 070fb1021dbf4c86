import fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileEntry, Files, ReadRange } from '../../files.ts'
import type { TestOptions } from '../bench.ts'
import { denied } from './powers.ts'

const STEP = 1 << 20

/** Folders for a test: a private one of its own, and those that the test binds. */
export class ProcessFolders {
  readonly files: Files
  #private: Promise<string> | undefined

  constructor({ grants }: TestOptions) {
    const { private: hasPrivate = false, folders = {} } = grants?.files ?? {}
    const folder = (name: string): Files =>
      filesIn(async () => {
        const path = Object.hasOwn(folders, name) ? folders[name] : undefined
        if (path === undefined) throw denied('files', name)
        return path
      }, folder)
    this.files = filesIn(async () => {
      if (!hasPrivate) throw denied('files', 'private')
      this.#private ??= fs.mkdtemp(join(tmpdir(), 'plutino-test-'))
      return this.#private
    }, folder)
  }

  async remove(): Promise<void> {
    if (this.#private !== undefined)
      await fs.rm(await this.#private, { recursive: true, force: true })
  }
}

/**
 * The files of a folder of this machine, as a plugin has those of a folder that it was granted: for tests of a part of a
 * plugin that is given `Files`.
 */
export function filesOf(path: string): Files {
  return new ProcessFolders({ grants: { files: { folders: { own: path } } } }).files.folder('own')
}

function filesIn(root: () => Promise<string>, folder: (name: string) => Files): Files {
  const at = async (path: string) => join(await root(), checked(path))
  return {
    folder,
    async stat(path) {
      return entryOf(await at(path), path)
    },
    async list(path = '', { after = '', limit = 1000 } = {}) {
      const within = path === '' ? await root() : await at(path)
      const names = (await fs.readdir(within)).filter((name) => name > after).sort()
      const found = names.slice(0, limit).map((name) => entryOf(join(within, name), name))
      return (await Promise.all(found)).filter((entry) => entry !== undefined)
    },
    async read(path, range) {
      return read(await at(path), range)
    },
    async *readStream(path, { offset = 0, length = Number.POSITIVE_INFINITY, id } = {}) {
      const file = await at(path)
      for (let done = 0; done < length; ) {
        const part = await read(file, {
          offset: offset + done,
          length: Math.min(STEP, length - done),
          id,
        })
        if (part.length === 0) return
        yield part
        done += part.length
      }
    },
    async write(path, data) {
      const file = await at(path)
      await fs.writeFile(`${file}.part`, data)
      await fs.rename(`${file}.part`, file)
    },
    append: async (path, data) => fs.appendFile(await at(path), data),
    rename: async (from, to) => fs.rename(await at(from), await at(to)),
    async remove(path) {
      const file = await at(path)
      const entry = await entryOf(file, path)
      if (entry?.type === 'folder') await fs.rmdir(file)
      else if (entry !== undefined) await fs.unlink(file)
      return entry !== undefined
    },
    async mkdir(path) {
      await fs.mkdir(await at(path), { recursive: true })
    },
  }
}

/** The names that the host allows. */
function checked(path: string): string {
  const isPlain = path !== '' && !path.startsWith('/') && !path.includes('\\')
  if (isPlain && path.split('/').every((part) => !['', '.', '..'].includes(part))) return path
  throw Object.assign(new Error(`"${path}" is no name within the folder`), { code: 'EINVAL' })
}

async function entryOf(file: string, path: string): Promise<FileEntry | undefined> {
  const found = await fs.stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return undefined
  const isFile = found.isFile()
  return {
    name: path.slice(path.lastIndexOf('/') + 1),
    type: isFile ? 'file' : 'folder',
    bytes: isFile ? found.size : 0,
    modifiedAt: found.mtimeMs,
    id: `${found.dev}-${found.ino}`,
  }
}

async function read(file: string, { offset = 0, length, id }: ReadRange = {}): Promise<Uint8Array> {
  const handle = await fs.open(file)
  try {
    const { size, dev, ino } = await handle.stat()
    if (id !== undefined && id !== `${dev}-${ino}`)
      throw Object.assign(new Error('it is another file by now'), { code: 'ESTALE' })
    const count = Math.max(0, Math.min(length ?? size, size - offset))
    const bytes = new Uint8Array(count)
    const { bytesRead } = await handle.read(bytes, 0, count, offset)
    return bytes.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
