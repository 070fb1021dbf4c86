const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

type HeadersInit =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string>>
  | null
  | undefined

/** The platform's `Headers` in plain JavaScript. */
export class PluginHeaders {
  readonly #values = new Map<string, string[]>()

  constructor(init?: HeadersInit) {
    if (init === undefined || init === null) return
    if (typeof init !== 'object') throw new TypeError('Headers: pairs or an object are wanted')
    if (Symbol.iterator in init) {
      for (const pair of init as Iterable<readonly [unknown, unknown]>) {
        const [name, value, ...rest] = [...pair]
        if (value === undefined || rest.length > 0)
          throw new TypeError('Headers: each header is a pair of name and value')
        this.append(name as string, value as string)
      }
    } else for (const name of Object.keys(init)) this.append(name, init[name] as string)
  }

  append(name: string, value: string): void {
    const key = nameOf(name)
    this.#values.set(key, [...(this.#values.get(key) ?? []), textOf(value)])
  }

  set(name: string, value: string): void {
    this.#values.set(nameOf(name), [textOf(value)])
  }

  get(name: string): string | null {
    return this.#values.get(nameOf(name))?.join(', ') ?? null
  }

  has(name: string): boolean {
    return this.#values.has(nameOf(name))
  }

  delete(name: string): void {
    this.#values.delete(nameOf(name))
  }

  getSetCookie(): string[] {
    return [...(this.#values.get('set-cookie') ?? [])]
  }

  forEach(listener: (value: string, name: string, headers: this) => void, self?: unknown): void {
    for (const [name, value] of this) Reflect.apply(listener, self, [value, name, this])
  }

  *entries(): IterableIterator<[string, string]> {
    for (const name of [...this.#values.keys()].sort()) {
      const values = this.#values.get(name) ?? []
      if (name === 'set-cookie') for (const value of values) yield [name, value]
      else yield [name, values.join(', ')]
    }
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries()
  }

  get [Symbol.toStringTag](): string {
    return 'Headers'
  }
}

function nameOf(name: unknown): string {
  const text = `${name as string}`
  if (TOKEN.test(text)) return text.toLowerCase()
  throw new TypeError(`Headers: "${text.slice(0, 40)}" is no name of a header`)
}

function textOf(value: unknown): string {
  const text = `${value as string}`.replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, '')
  if (VALUE.test(text)) return text
  throw new TypeError('Headers: a value holds characters that no header may hold')
}
