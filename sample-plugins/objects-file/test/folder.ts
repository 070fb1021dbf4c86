import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'

/** A folder into which files are brought, gone with the test. */
export class Folder {
  /** What is granted. */
  readonly path: string
  readonly #base: string
  #seconds = 1_700_000_000

  constructor(t: ExecutionContext) {
    this.#base = mkdtempSync(join(tmpdir(), 'plutino-objects-'))
    this.path = join(this.#base, 'input')
    mkdirSync(this.path)
    t.teardown(() => rmSync(this.#base, { recursive: true }))
  }

  /** As whoever brings files in should: whole or not at all. Each has a later time than those before, or this one (ms). */
  put(name: string, content: string | Uint8Array, modifiedAt?: number): void {
    const part = join(this.#base, 'part')
    const seconds = modifiedAt === undefined ? this.#seconds++ : modifiedAt / 1000
    writeFileSync(part, content)
    utimesSync(part, seconds, seconds)
    mkdirSync(dirname(join(this.path, name)), { recursive: true })
    renameSync(part, join(this.path, name))
  }

  /** A file or a folder. */
  remove(name: string): void {
    rmSync(join(this.path, name), { recursive: true })
  }
}
