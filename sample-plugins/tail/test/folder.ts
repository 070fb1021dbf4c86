import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'

/** A folder whose files are written one after another: each has a later time than those written before. */
export class Folder {
  readonly path: string
  readonly #open: number[] = []
  #seconds = 1_700_000_000

  /** Gone with the test. */
  constructor(t: ExecutionContext) {
    this.path = mkdtempSync(join(tmpdir(), 'plutino-tail-'))
    t.teardown(() => {
      for (const file of this.#open) closeSync(file)
      rmSync(this.path, { recursive: true })
    })
  }

  append(name: string, text: string): void {
    appendFileSync(join(this.path, name), text)
    utimesSync(join(this.path, name), this.#seconds, this.#seconds++)
  }

  truncate(name: string): void {
    truncateSync(join(this.path, name))
  }

  rename(from: string, to: string): void {
    renameSync(join(this.path, from), join(this.path, to))
  }

  /** It stays open, as for its writer: no other file gets its id. */
  remove(name: string): void {
    this.#open.push(openSync(join(this.path, name), 'r'))
    unlinkSync(join(this.path, name))
  }
}
