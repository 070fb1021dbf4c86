import type { AvroTap } from './avro-datum.ts'

type AvroSchema = string | readonly AvroSchema[] | AvroType
interface AvroType {
  readonly type: AvroSchema
  readonly name?: string
  readonly namespace?: string
  readonly fields?: readonly { readonly name: string; readonly type: AvroSchema }[]
  readonly symbols?: readonly string[]
  readonly items?: AvroSchema
  readonly values?: AvroSchema
  readonly size?: number
}

export type ReadDatum = (tap: AvroTap) => unknown

const primitives = new Set(['boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'])
/** Deeper, no sensible schema is, and a hostile one would exhaust the stack. */
const MAX_DEPTH = 64

/**
 * Makes a reader of a schema as JSON: one function per complex type, generated, since records then are object literals of
 * one shape. Nothing of the schema goes into the text but quoted strings and numbers.
 *
 * @throws TypeError naming what is no schema
 */
export function compileAvro(schema: unknown): ReadDatum {
  const compiler = new Compiler()
  const expression = compiler.expression(schema as AvroSchema, '', 0)
  const text = `'use strict'\n${compiler.functions.join('\n')}\nreturn (t) => ${expression}`
  return new Function(text)() as ReadDatum
}

class Compiler {
  readonly functions: string[] = []
  readonly #named = new Map<string, string>()

  /** What reads a value of the schema from the tap `t`. */
  expression(schema: AvroSchema, namespace: string, depth: number): string {
    if (depth > MAX_DEPTH) throw new TypeError(`schema deeper than ${MAX_DEPTH}`)
    if (typeof schema === 'string') return this.#byName(schema, namespace)
    if (Array.isArray(schema)) return this.#union(schema, namespace, depth)
    if (typeof schema !== 'object' || schema === null) {
      throw new TypeError(`${JSON.stringify(schema)} is no schema`)
    }
    return this.#complex(schema as AvroType, namespace, depth)
  }

  #byName(name: string, namespace: string): string {
    if (name === 'null') return 'null'
    if (primitives.has(name)) return `t.${name}()`
    const found = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name)
    if (found === undefined) throw new TypeError(`type ${JSON.stringify(name)} is not known`)
    return `${found}(t)`
  }

  #complex(schema: AvroType, outer: string, depth: number): string {
    const { type } = schema
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(schema, outer, depth)
      case 'enum': {
        const symbols = JSON.stringify(list(schema.symbols, 'symbols').map(String))
        return this.#function(
          schema,
          outer,
          () => `const i = t.int()
          if (i < 0 || i >= ${list(schema.symbols, 'symbols').length}) throw new RangeError('no symbol ' + i)
          return ${symbols}[i]`,
        )
      }
      case 'fixed': {
        const { size } = schema
        if (!Number.isSafeInteger(size)) throw new TypeError('fixed without a size')
        return this.#function(schema, outer, () => `return t.fixed(${Number(size)})`)
      }
      case 'array':
        return this.#function(
          undefined,
          outer,
          () => `const all = []
          for (let n = t.items(); n > 0; n = t.items())
            while (n-- > 0) all.push(${this.expression(schema.items ?? '', outer, depth + 1)})
          return all`,
        )
      case 'map':
        return this.#function(
          undefined,
          outer,
          () => `const all = []
          for (let n = t.items(); n > 0; n = t.items())
            while (n-- > 0) all.push([t.string(), ${this.expression(schema.values ?? '', outer, depth + 1)}])
          return Object.fromEntries(all)`,
        )
      default:
        return this.expression(type, outer, depth + 1)
    }
  }

  /** Fields in brackets: `"__proto__": x` in a literal would be no field. */
  #record(schema: AvroType, outer: string, depth: number): string {
    return this.#function(schema, outer, (namespace) => {
      const fields = list(schema.fields, 'fields').map(({ name, type }) => {
        const quoted = JSON.stringify(String(name))
        const key = name === '__proto__' ? `[${quoted}]` : quoted
        return `${key}: ${this.expression(type, namespace, depth + 1)}`
      })
      return `return { ${fields.join(', ')} }`
    })
  }

  #union(branches: readonly AvroSchema[], namespace: string, depth: number): string {
    return this.#function(undefined, namespace, () => {
      const cases = branches.map(
        (branch, i) => `case ${i}: return ${this.expression(branch, namespace, depth + 1)}`,
      )
      return `const i = t.int()
        switch (i) { ${cases.join('\n')} }
        throw new RangeError('no branch ' + i)`
    })
  }

  /** A function of its own, known by the name of its type before its body is made: types may hold themselves. */
  #function(
    named: AvroType | undefined,
    outer: string,
    body: (namespace: string) => string,
  ): string {
    const id = `r${this.functions.length}`
    const at = this.functions.push('') - 1
    const { name = '', namespace = outer } = named ?? {}
    const full = fullName(String(name), String(namespace))
    if (named !== undefined) this.#named.set(full, id)
    const text = body(named === undefined ? outer : full.split('.').slice(0, -1).join('.'))
    this.functions[at] = `function ${id}(t) { ${text} }`
    return `${id}(t)`
  }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

function list<T>(value: readonly T[] | undefined, what: string): readonly T[] {
  if (Array.isArray(value)) return value
  throw new TypeError(`${what} is no list`)
}
