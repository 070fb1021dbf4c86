import type { FileEntry, Files } from '@plutino/sdk'
import { ObjectSourceError, type ObjectStore } from '@plutino/sdk/object-source'

/** A file by its name below the folder: `2026/11/21.jsonl`. */
export interface StoredFile extends FileEntry {
  readonly path: string
}

export interface FolderOptions {
  /** The folder to read within the granted one; `''`: all of it. */
  readonly path: string
  /** Enters folders within. */
  readonly isRecursive: boolean
  /** Entries that are asked for at a time. */
  readonly pageSize: number
  /** ms that a file must have stayed as it is. */
  readonly settleMs: number
  readonly now: () => number
}

const PIECE = 2 ** 20
/** Pieces under way of the file in hand: each takes several turns of the host's disk. */
const READ_AHEAD = 3

/**
 * The files of a granted folder, in the order in which they are walked: by the parts of their names, so that all of
 * `a/…` stands where the folder `a` stands.
 */
export class FolderStore implements ObjectStore<string, StoredFile> {
  readonly #files: Files
  readonly #options: FolderOptions

  constructor(files: Files, options: FolderOptions) {
    this.#files = files
    this.#options = options
  }

  async *list(after: string | undefined, signal: AbortSignal): AsyncGenerator<StoredFile> {
    yield* this.#walk('', after?.split('/') ?? [], signal)
  }

  /**
   * The file is the one that was listed: another that took its name is left to the next listing. Behind the first piece
   * some are asked for before they are wanted.
   */
  async *open(
    { path, id, bytes }: StoredFile,
    range: { readonly offset: number } | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const asked: { readonly length: number; readonly piece: Promise<Uint8Array> }[] = []
    let at = range?.offset ?? 0
    for (let most = 1; !signal.aborted; most = READ_AHEAD) {
      while (asked.length < most && at < bytes) {
        const length = Math.min(PIECE, bytes - at)
        const piece = this.#files.read(this.#full(path), { offset: at, length, id })
        // Whoever waits for it hears of it; when nobody does, nobody needs to.
        piece.catch(() => {})
        asked.push({ length, piece })
        at += length
      }
      const next = asked.shift()
      if (next === undefined) return
      const piece = await next.piece.catch((error: unknown) => {
        throw replaced(error, path)
      })
      if (piece.length > 0) yield piece
      if (piece.length < next.length) return
    }
  }

  async read({ path, id }: StoredFile, start: number, end: number): Promise<Uint8Array> {
    try {
      const range = { offset: start, length: end - start, id }
      return await this.#files.read(this.#full(path), range)
    } catch (error) {
      throw replaced(error, path)
    }
  }

  nativeKey({ path }: StoredFile): string {
    return path
  }

  keyParts({ path }: StoredFile) {
    return { folder: this.#options.path, file: path }
  }

  parseNativeKey(text: string): string {
    return text
  }

  compareKeys(a: string, b: string): number {
    const [x, y] = [a.split('/'), b.split('/')]
    for (let i = 0; i < Math.min(x.length, y.length); i++) {
      const [p = '', q = ''] = [x[i], y[i]]
      if (p !== q) return p < q ? -1 : 1
    }
    return x.length - y.length
  }

  size({ bytes }: StoredFile): number {
    return bytes
  }

  version({ modifiedAt, bytes }: StoredFile): string {
    return `${modifiedAt}-${bytes}`
  }

  lastModified({ modifiedAt }: StoredFile): number {
    return modifiedAt
  }

  /** @param after parts of the name behind which the walk starts, below this folder */
  async *#walk(
    folder: string,
    [first, ...rest]: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<StoredFile> {
    const { isRecursive, pageSize, settleMs, now } = this.#options
    // What starts within a folder goes on there before it goes on behind it.
    if (first !== undefined && rest.length > 0 && isRecursive) {
      const within = folder + first
      const found = await this.#files.stat(this.#full(within))
      if (found?.type === 'folder') yield* this.#walk(`${within}/`, rest, signal)
    }
    for (let last = first; !signal.aborted; ) {
      const page = await this.#page(folder, last, pageSize)
      for (const entry of page) {
        const path = folder + entry.name
        if (entry.type === 'folder') {
          if (isRecursive) yield* this.#walk(`${path}/`, [], signal)
        } else if (settleMs === 0 || now() - entry.modifiedAt >= settleMs) {
          yield { ...entry, path }
        }
        if (signal.aborted) return
      }
      last = page.at(-1)?.name
      if (last === undefined) return
    }
  }

  async #page(folder: string, after: string | undefined, limit: number) {
    const path = this.#full(folder).replace(/\/$/, '')
    try {
      return await this.#files.list(path, { after, limit })
    } catch (error) {
      // Gone since the folder above was listed.
      if (folder !== '' && codeOf(error) === 'ENOENT') return []
      throw error
    }
  }

  #full(path: string): string {
    const { path: base } = this.#options
    return base === '' ? path : `${base}/${path}`
  }
}

function replaced(error: unknown, path: string): unknown {
  if (codeOf(error) !== 'ESTALE') return error
  return new ObjectSourceError('skip-object', `file "${path}" was replaced while it was read`, {
    cause: error,
  })
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | undefined)?.code
}
