import { createHash } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceSpec } from '../cell.ts'
import { readJson, replaceFile } from './durable-file.ts'
import { readPlaces } from './stream-spool.ts'

/** Whose spool it is: a rule's for one of its sources, or a shared stream's (`rule` is '' then). */
export interface SpoolKey {
  readonly tenant: string
  readonly rule: string
  readonly stream: string
  /** Which of the rule's sources: a stream may be joined with itself. */
  readonly index: number
}

/** A spool on disk. */
export interface Indexed {
  readonly key: SpoolKey
  readonly folder: string
  /** Of a source whose tuples come from this cell: they go to the spool while none of its rules runs, too. */
  readonly source: SourceSpec | undefined
  /** Those that have a place in it. */
  readonly rules: Set<string>
}

const ABOUT = 'spool.json'

/** Which spools there are, and whose: read once, and kept true from then on. */
export class SpoolIndex {
  readonly #folder: string
  #read: Promise<Map<string, Indexed>> | undefined

  /** @param folder with a folder for each spool */
  constructor(folder: string) {
    this.#folder = folder
  }

  folderOf({ tenant, rule, stream, index }: SpoolKey): string {
    const name = JSON.stringify([tenant, rule, stream, index])
    return join(this.#folder, createHash('sha256').update(name).digest('hex').slice(0, 32))
  }

  async all(): Promise<Indexed[]> {
    return [...(await this.#known()).values()]
  }

  /** Those that a rule has a place in, or has for itself. */
  async of(tenant: string, rule: string): Promise<Indexed[]> {
    const all = await this.all()
    return all.filter(
      ({ key, rules }) => key.tenant === tenant && (key.rule === rule || rules.has(rule)),
    )
  }

  /** There is such a spool from now on. */
  async add(key: SpoolKey, source: SourceSpec | undefined): Promise<Indexed> {
    const folder = this.folderOf(key)
    const known = await this.#known()
    const made = { key, folder, source, rules: known.get(folder)?.rules ?? new Set<string>() }
    await mkdir(folder, { recursive: true })
    await replaceFile(join(folder, ABOUT), JSON.stringify({ version: 1, ...key, source }))
    known.set(folder, made)
    return made
  }

  async get(folder: string): Promise<Indexed | undefined> {
    return (await this.#known()).get(folder)
  }

  async remove(folder: string): Promise<void> {
    const known = await this.#known()
    known.delete(folder)
  }

  #known(): Promise<Map<string, Indexed>> {
    this.#read ??= readAll(this.#folder)
    return this.#read
  }
}

async function readAll(root: string): Promise<Map<string, Indexed>> {
  const found = new Map<string, Indexed>()
  const names = await readdir(root).catch(() => []) // there never was one
  for (const name of names) {
    const folder = join(root, name)
    const about = await readJson(join(folder, ABOUT))
    if (about === undefined) continue
    const { tenant, rule, stream, index, source } = about
    const key = { tenant: `${tenant}`, rule: `${rule}`, stream: `${stream}`, index: Number(index) }
    const rules = new Set((await readPlaces(folder)).keys())
    found.set(folder, { key, folder, source: sourceOf(source), rules })
  }
  return found
}

/** As `add` wrote it. */
function sourceOf(value: unknown): SourceSpec | undefined {
  return typeof value === 'object' && value !== null ? (value as SourceSpec) : undefined
}
