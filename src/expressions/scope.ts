import { isInherited, ownProperty } from './access.ts'
import { FunctionConstructor } from './captured.ts'

/**
 * The text of one function in the making. Nothing of a statement or of data gets into it but as a JSON literal: whatever
 * else an expression needs is a constant, handed to the function by position.
 */
export class Scope {
  readonly #constants: unknown[] = []
  readonly #columns = new Map<string, string>()
  #declarations = ''
  #temporaries = 0

  /** The name under which the text finds `value`. */
  constant(value: unknown): string {
    const known = this.#constants.indexOf(value)
    return `k${known === -1 ? this.#constants.push(value) - 1 : known}`
  }

  /** A variable of the function; undefined at first, kept from one evaluation to the next within a row only. */
  temporary(): string {
    return `t${this.#temporaries++}`
  }

  /** The value of a column, read once per row; behind a join from the row of its stream. */
  column(name: string, stream?: string | undefined): string {
    const key = JSON.stringify([stream, name])
    const known = this.#columns.get(key)
    if (known !== undefined) return known
    // The row of the stream, if there is one, is declared before what is read from it.
    const value = this.#read(name, stream)
    const variable = `c${this.#columns.size}`
    this.#columns.set(key, variable)
    this.#declarations += `const ${variable} = ${value}\n`
    return variable
  }

  #read(name: string, stream: string | undefined): string {
    if (stream === undefined) return this.property('row', name)
    const row = this.column(stream)
    // Undefined as a missing column, not null as one that somebody wrote.
    return `${row} === null || ${row} === undefined ? undefined : ${this.property(row, name)}`
  }

  /** A property of what the variable holds: an own one, also where its name is one that every object inherits. */
  property(variable: string, name: string): string {
    const key = JSON.stringify(name)
    return isInherited(name)
      ? `${this.constant(ownProperty)}(${variable}, ${key})`
      : `${variable}[${key}]`
  }

  /** A function of a row that returns `value`, which was emitted into this scope. */
  build(value: string): (row: unknown) => unknown {
    const names = this.#constants.map((_, index) => `k${index}`)
    const constants = names.length === 0 ? '' : `const [${names.join(', ')}] = constants\n`
    const temporaries = Array.from({ length: this.#temporaries }, (_, index) => `t${index}`)
    const variables = temporaries.length === 0 ? '' : `let ${temporaries.join(', ')}\n`
    const body = `${variables}${this.#declarations}return ${value}`
    const text = `'use strict'\n${constants}return function (row) {\n${body}\n}`
    return new FunctionConstructor('constants', text)(this.#constants)
  }
}

/** A value as text of a program: JSON, in which the two line separators are no line ends for JavaScript either. */
export function literalText(value: string | number | boolean | null): string {
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return '-0'
    if (!Number.isFinite(value))
      return Number.isNaN(value) ? 'NaN' : value > 0 ? '(1 / 0)' : '(-1 / 0)'
    return value < 0 ? `(${value})` : String(value)
  }
  return JSON.stringify(value)
}
