import { pathToFileURL } from 'node:url'
import type { PluginRecord } from '#host/catalog/plugins.ts'
import { textOf } from '#host/errors.ts'
import { type DropInFile, findDropIns, zipOf } from './drop-in-files.ts'
import { InstallError } from './errors.ts'
import { detailsOf } from './installed.ts'
import type { Wish } from './installer.ts'
import { sha256 } from './prepare.ts'
import type { DropInReport, InstallResult } from './service.ts'

export interface DropInsOptions {
  /** With `sources/`, `sinks/` and `functions/` in it. */
  readonly folder: string
  /** Everything that is installed. */
  records(): readonly PluginRecord[]
  install(wish: Wish): Promise<InstallResult>
  /** @throws InstallError `in-use` */
  remove(records: readonly PluginRecord[]): Promise<void>
  /** Rules that run with the package start anew with what is there now. */
  changed(packageName: string): Promise<void>
  report(level: 'info' | 'warn', message: string): void
}

interface Seen {
  readonly bytes: number
  readonly modifiedAt: number
  /** It was dealt with as it is, well or badly. */
  isDone: boolean
}

/** A file that has not changed for so long is not being written any more. */
const SETTLED_MS = 2000

/** Keeps what is installed in step with the files of the drop-in folders. A bad file is reported and stops nothing. */
export class DropIns {
  readonly #options: DropInsOptions
  readonly #seen = new Map<string, Seen>()
  readonly #problems = new Map<string, { readonly message: string; readonly at: number }>()

  constructor(options: DropInsOptions) {
    this.#options = options
  }

  get problems(): DropInReport['problems'] {
    return [...this.#problems].map(([file, problem]) => ({ file, ...problem }))
  }

  /** Looks once. Never rejects. */
  async look(): Promise<void> {
    try {
      const files = await findDropIns(this.#options.folder)
      const names = new Set(files.map(({ file }) => file))
      await this.#removeGone(names)
      for (const file of files) if (this.#isSettled(file)) await this.#take(file)
      for (const file of this.#seen.keys()) if (!names.has(file)) this.#forget(file)
    } catch (error) {
      this.#problem(this.#options.folder, `the drop-in folder cannot be read: ${textOf(error)}`)
    }
  }

  /** Half of a file is no file: it is taken when its size and time have stayed the same. */
  #isSettled({ file, bytes, modifiedAt }: DropInFile): boolean {
    const seen = this.#seen.get(file)
    if (seen !== undefined && seen.bytes === bytes && seen.modifiedAt === modifiedAt)
      return !seen.isDone
    this.#seen.set(file, { bytes, modifiedAt, isDone: false })
    return Date.now() - modifiedAt > SETTLED_MS
  }

  async #take(file: DropInFile): Promise<void> {
    const seen = this.#seen.get(file.file)
    if (seen !== undefined) seen.isDone = true
    try {
      const zip = await zipOf(file)
      const gone = this.#recordsOf(file.file)
      const digest = sha256(zip)
      if (gone.some((record) => record.sha256 === digest)) return this.#solved(file.file)
      const { package: name, version, names, notes } = await this.#install(file, zip, gone)
      this.#solved(file.file)
      const title = version === '' ? name : `${name}@${version}`
      const more = notes.length === 0 ? '' : `; ${notes.join('; ')}`
      this.#options.report(
        'info',
        `plugins/${file.file}: ${title} is installed with ${names.join(', ')}${more}`,
      )
      if (gone.length > 0) await this.#options.changed(name)
    } catch (error) {
      this.#problem(file.file, textOf(error))
    }
  }

  /** A manifest says what is in it; without one the folder's and the file's names do. */
  async #install(
    { file, path, kind, name }: DropInFile,
    zip: Uint8Array,
    gone: readonly PluginRecord[],
  ): Promise<InstallResult> {
    const request = { file: pathToFileURL(path).href }
    const wish = { mode: 'new', zip, gone, dropIn: file } as const
    try {
      return await this.#options.install({ ...wish, request })
    } catch (error) {
      const isKuiper = error instanceof InstallError && error.code === 'no-manifest'
      if (!isKuiper || kind === undefined) throw error
      return this.#options.install({ ...wish, kind, request: { ...request, name } })
    }
  }

  async #removeGone(names: ReadonlySet<string>): Promise<void> {
    const files = this.#options.records().flatMap((record) => detailsOf(record).dropIn ?? [])
    for (const file of new Set(files)) {
      if (names.has(file)) continue
      try {
        await this.#options.remove(this.#recordsOf(file))
        this.#solved(file)
        this.#options.report('info', `plugins/${file} is gone, and what it brought with it`)
      } catch (error) {
        this.#problem(file, `the file is gone, but ${textOf(error)}; it goes when nothing uses it`)
      }
    }
  }

  #recordsOf(file: string): PluginRecord[] {
    return this.#options.records().filter((record) => detailsOf(record).dropIn === file)
  }

  #forget(file: string): void {
    this.#seen.delete(file)
    if (this.#recordsOf(file).length === 0) this.#solved(file)
  }

  #solved(file: string): void {
    this.#problems.delete(file)
  }

  #problem(file: string, message: string): void {
    if (this.#problems.get(file)?.message === message) return
    this.#problems.set(file, { message, at: Date.now() })
    this.#options.report('warn', `plugins/${file}: ${message}`)
  }
}
