import { guarded } from './plain-error.ts'

const RealUrl = URL
const RealParams = URLSearchParams

/** Unlocks the second argument of the constructor of search parameters for `PluginUrl` only. */
const ofUrl = Object.freeze({})

/** As the platform's, over a native object out of reach; arguments are converted before it sees them. */
export class PluginSearchParams {
  readonly #real: URLSearchParams

  constructor(init?: unknown, key?: unknown) {
    this.#real = key === ofUrl && init instanceof RealParams ? init : paramsOf(init)
  }

  get size(): number {
    return this.#real.size
  }

  get(name: unknown): string | null {
    return this.#real.get(text(name))
  }

  getAll(name: unknown): string[] {
    return [...this.#real.getAll(text(name))]
  }

  has(name: unknown, value?: unknown): boolean {
    return value === undefined
      ? this.#real.has(text(name))
      : this.#real.has(text(name), text(value))
  }

  set(name: unknown, value: unknown): void {
    this.#real.set(text(name), text(value))
  }

  append(name: unknown, value: unknown): void {
    this.#real.append(text(name), text(value))
  }

  delete(name: unknown, value?: unknown): void {
    if (value === undefined) this.#real.delete(text(name))
    else this.#real.delete(text(name), text(value))
  }

  sort(): void {
    this.#real.sort()
  }

  toString(): string {
    return this.#real.toString()
  }

  forEach(visit: (value: string, name: string, params: this) => unknown, self?: unknown): void {
    for (const [name, value] of this.#pairs()) Reflect.apply(visit, self, [value, name, this])
  }

  entries(): ArrayIterator<[string, string]> {
    return this.#pairs().values()
  }

  keys(): ArrayIterator<string> {
    return this.#pairs()
      .map(([name]) => name)
      .values()
  }

  values(): ArrayIterator<string> {
    return this.#pairs()
      .map(([, value]) => value)
      .values()
  }

  [Symbol.iterator](): ArrayIterator<[string, string]> {
    return this.entries()
  }

  #pairs(): [string, string][] {
    return [...this.#real].map(([name, value]) => [name, value])
  }
}

function paramsOf(init: unknown): URLSearchParams {
  const pairs = pairsOf(init) as string[][]
  return guarded(() => new RealParams(pairs))
}

function pairsOf(init: unknown): [string, string][] {
  if (init === undefined || init === null) return []
  if (typeof init !== 'object') return [...new RealParams(text(init))]
  if (Symbol.iterator in init) {
    return [...(init as Iterable<[unknown, unknown]>)].map(([name, value]) => [
      text(name),
      text(value),
    ])
  }
  return Object.entries(init).map(([name, value]) => [name, text(value)])
}

const parts = [
  'href',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
] as const

type Part = (typeof parts)[number]

/** As the platform's; see `PluginSearchParams`. */
export class PluginUrl {
  readonly #real: URL
  #params: PluginSearchParams | undefined

  constructor(url: unknown, base?: unknown) {
    const given = text(url)
    const from = base === undefined ? undefined : text(base)
    this.#real = guarded(() => new RealUrl(given, from))
  }

  get origin(): string {
    return this.#real.origin
  }

  get searchParams(): PluginSearchParams {
    this.#params ??= new PluginSearchParams(this.#real.searchParams, ofUrl)
    return this.#params
  }

  toString(): string {
    return this.#real.href
  }

  toJSON(): string {
    return this.#real.href
  }

  static canParse(url: unknown, base?: unknown): boolean {
    return base === undefined
      ? RealUrl.canParse(text(url))
      : RealUrl.canParse(text(url), text(base))
  }

  static parse(url: unknown, base?: unknown): PluginUrl | null {
    return PluginUrl.canParse(url, base) ? new PluginUrl(url, base) : null
  }

  static #read(url: PluginUrl, part: Part): string {
    return url.#real[part]
  }

  static #write(url: PluginUrl, part: Part, value: string): void {
    guarded(() => {
      url.#real[part] = value
    })
  }

  static {
    for (const part of parts) {
      Object.defineProperty(PluginUrl.prototype, part, {
        configurable: true,
        enumerable: true,
        get(this: PluginUrl): string {
          return PluginUrl.#read(this, part)
        },
        set(this: PluginUrl, value: unknown) {
          PluginUrl.#write(this, part, text(value))
        },
      })
    }
  }
}

function text(value: unknown): string {
  return `${value as string}`
}
