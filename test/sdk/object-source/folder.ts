import { createReadStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { ObjectStore } from '@plutino/sdk/object-source'

export interface StoredFile {
  readonly name: string
  readonly size: number
  readonly mtimeMs: number
}

/** The files of one folder. */
export class FolderStore implements ObjectStore<string, StoredFile> {
  readonly #folder: string
  readonly #chunkBytes: number

  constructor(folder: string, chunkBytes = 262_144) {
    this.#folder = folder
    this.#chunkBytes = chunkBytes
  }

  async *list(): AsyncGenerator<StoredFile> {
    for (const name of (await readdir(this.#folder)).sort()) {
      const { size, mtimeMs } = await stat(path.join(this.#folder, name))
      yield { name, size, mtimeMs }
    }
  }

  async open(
    { name }: StoredFile,
    range: { offset: number } | undefined,
  ): Promise<AsyncIterable<Uint8Array>> {
    return createReadStream(path.join(this.#folder, name), {
      start: range?.offset ?? 0,
      highWaterMark: this.#chunkBytes,
    })
  }

  async read({ name }: StoredFile, start: number, end: number): Promise<Uint8Array> {
    const file = await open(path.join(this.#folder, name))
    try {
      const { buffer, bytesRead } = await file.read(
        new Uint8Array(end - start),
        0,
        end - start,
        start,
      )
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }

  nativeKey = ({ name }: StoredFile): string => name
  keyParts = ({ name }: StoredFile) => ({ file: name })
  parseNativeKey = (text: string): string => text
  size = ({ size }: StoredFile): number => size
  version = ({ mtimeMs, size }: StoredFile): string => `${mtimeMs}-${size}`
  lastModified = ({ mtimeMs }: StoredFile): number => mtimeMs
}
