import type { FileEntry, Files, ReadRange } from '@plutino/sdk'

interface Held {
  readonly id: string
  bytes: Buffer
  modifiedAt: number
}

/** Files in memory, as the host serves those of a granted folder: an id goes with the file, not with its name. */
export class Disk {
  readonly #files = new Map<string, Held>()
  #next = 1

  append(name: string, text: string): void {
    const held = this.#files.get(name) ?? this.#make(name)
    held.bytes = Buffer.concat([held.bytes, Buffer.from(text)])
    held.modifiedAt = this.#next++
  }

  truncate(name: string): void {
    const held = this.#files.get(name)
    if (held !== undefined) held.bytes = Buffer.alloc(0)
  }

  rename(from: string, to: string): void {
    const held = this.#files.get(from)
    if (held === undefined) throw new Error(`no ${from}`)
    this.#files.delete(from)
    this.#files.set(to, held)
  }

  remove(name: string): void {
    this.#files.delete(name)
  }

  /** What a source has of it. */
  get files(): Files {
    const own = {
      folder: () => own,
      stat: async (path: string) => this.#entry(path),
      list: async (_path = '', { after = '' }: { after?: string | undefined } = {}) =>
        [...this.#files.keys()]
          .sort()
          .filter((name) => name > after)
          .slice(0, 2)
          .map((name) => this.#entry(name)),
      read: async (path: string, range: ReadRange = {}) => {
        const held = this.#files.get(path)
        if (held === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
        if (range.id !== undefined && range.id !== held.id) {
          throw Object.assign(new Error('another file'), { code: 'ESTALE' })
        }
        const { offset = 0, length = held.bytes.length } = range
        return new Uint8Array(held.bytes.subarray(offset, offset + length))
      },
    }
    return own as unknown as Files
  }

  #make(name: string): Held {
    const made = { id: `id${this.#next++}`, bytes: Buffer.alloc(0), modifiedAt: 0 }
    this.#files.set(name, made)
    return made
  }

  #entry(path: string): FileEntry | undefined {
    const held = this.#files.get(path)
    if (held === undefined) return undefined
    const { id, bytes, modifiedAt } = held
    return { name: path, type: 'file', bytes: bytes.length, modifiedAt, id }
  }
}
