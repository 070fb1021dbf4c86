import { readFile } from 'node:fs/promises'
import { placeIn, readSourceMap } from '@plutino/sdk/source-map'
import type { PluginRecord } from '#host/catalog/plugins.ts'
import { SCRIPT_HEAD } from '#src/sandbox/compartment.ts'
import { detailsOf } from './installed.ts'

/** A place in a plugin's script, as workers tell it: `(plugin:acme@1.0.0/1f2e3d4c:12:34)`. */
const PLACE = / ?\(plugin:((?:@[^/\s()]+\/)?[^@/\s()]+)@([^/\s()]*)\/([0-9a-f]{8}):(\d+):(\d+)\)/g
/** What was cut off in the middle of one. */
const CUT = / ?\(plugin:[^()\s]*…?$/
/** Maps of so many scripts are kept. */
const MAX_MAPS = 16

type Scripted = Parameters<typeof placeIn>[0]

export interface AuthorLinesOptions {
  records(tenant: string): readonly PluginRecord[]
  /** The path of a file in an installed package's folder. */
  file(folder: string, name: string): string
}

/** Puts the author's files and lines in the place of those of bundled scripts, in texts that go to people. */
export class AuthorLines {
  readonly #options: AuthorLinesOptions
  /** By file, the oldest first. */
  readonly #maps = new Map<string, Promise<Scripted | undefined>>()

  constructor(options: AuthorLinesOptions) {
    this.#options = options
  }

  /** The same value with the same texts, but for places in them. Anything but texts, arrays and plain objects stays. */
  async in<T>(tenant: string, value: T): Promise<T> {
    const places = new Map<string, string>()
    visit(value, (text) => {
      for (const [place] of text.matchAll(PLACE)) places.set(place, '')
    })
    for (const place of places.keys()) places.set(place, await this.#mapped(tenant, place))
    return replaced(value, (text) =>
      text.includes('(plugin:')
        ? text.replace(PLACE, (place) => places.get(place) ?? '').replace(CUT, '')
        : text,
    ) as T
  }

  async #mapped(tenant: string, place: string): Promise<string> {
    const [[, name = '', version = '', digest = '', line, column] = []] = place.matchAll(PLACE)
    for (const record of this.#options.records(tenant)) {
      if (record.package !== name || record.version !== version) continue
      const script = detailsOf(record).scripts.find(({ sha256 }) => sha256.startsWith(digest))
      if (script === undefined) continue
      const mapped = await this.#map(this.#options.file(record.path, `${script.path}.map`))
      const found = mapped && placeIn(mapped, Number(line), Number(column))
      return found === undefined ? '' : ` (${found})`
    }
    return ''
  }

  #map(file: string): Promise<Scripted | undefined> {
    const known = this.#maps.get(file)
    if (known !== undefined) return known
    const made = readFile(file, 'utf8')
      .catch(() => '')
      .then((text) => {
        const map = readSourceMap(text)
        return map && { file, map, lineOffset: 1, columnOffset: SCRIPT_HEAD.length }
      })
    this.#maps.set(file, made)
    const [oldest] = this.#maps.keys()
    if (this.#maps.size > MAX_MAPS && oldest !== undefined) this.#maps.delete(oldest)
    return made
  }
}

function visit(value: unknown, take: (text: string) => void): void {
  if (typeof value === 'string') take(value)
  else if (isPlain(value)) for (const part of Object.values(value)) visit(part, take)
}

function replaced(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((part) => replaced(part, change))
  if (!isPlain(value)) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([key, part]) => [key, replaced(part, change)]))
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
}
