import type { Position } from '#src/sql/ast.ts'
import { didYouMean, SqlError } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import type { StreamDefinition } from './definitions.ts'
import type { Column } from './expression.ts'
import { isKeyed } from './keyed.ts'
import { ANY, type DataType } from './types.ts'

/** A stream as it stands in FROM or JOIN. */
export interface ScopedSource {
  /** The alias, or the stream's name. */
  readonly name: string
  readonly definition: StreamDefinition
  /** Whole numbers of a payload are BIGINT (`useInt64ForWholeNumber`). */
  readonly wholeIsBigint: boolean
  /** The bytes of a binary stream are decoded further. @default false */
  readonly hasPayloadField?: boolean | undefined
}

/** The streams of a statement: finds columns in them, and keeps which ones are read. */
export class Scope {
  readonly sources: readonly ScopedSource[]
  readonly #ignoreCase: boolean
  readonly #read: Set<string>[]
  /** Of each source whose columns are read by a star: those that all its stars leave out. */
  readonly #stars: (Set<string> | undefined)[]

  /** @param ignoreCase columns of a schema are found whatever the case of their letters */
  constructor(sources: readonly ScopedSource[], ignoreCase = false) {
    this.sources = sources
    this.#ignoreCase = ignoreCase
    this.#read = sources.map(() => new Set())
    this.#stars = sources.map(() => undefined)
  }

  /** The source that a name before a dot means: its alias or the stream's own name. */
  source(name: string): ScopedSource | undefined {
    return (
      this.sources.find((source) => source.name === name) ??
      this.sources.find((source) => source.definition.name === name)
    )
  }

  /** Whether a schema has this column. */
  declares(name: string): boolean {
    return this.sources.some(
      (source) => typeIn(source, this.#spelt(source, name))?.declared === true,
    )
  }

  /** @throws SqlError when no source can have it, or several do */
  column(name: string, at: Position, of?: ScopedSource | undefined): Column {
    const candidates = of === undefined ? this.sources : [of]
    const found = candidates.flatMap((source) => {
      const own = this.#spelt(source, name)
      const type = typeIn(source, own)
      return type === undefined ? [] : [{ source, own, ...type }]
    })
    const declared = found.filter((candidate) => candidate.declared)
    const [match, second] = declared.length > 0 ? declared : found
    if (match === undefined) throw this.#unknown(name, at, candidates)
    if (second !== undefined) throw ambiguous(name, at, match.source, second.source)
    const { dataType, own } = match
    this.#read[this.sources.indexOf(match.source)]?.add(own)
    if (!isKeyed(this)) return { type: 'column', name: own, dataType }
    return { type: 'column', name: own, stream: match.source.name, dataType }
  }

  /** All names of columns of a source that are known: those of its schema, and those that the statement reads. */
  namesOf(source: ScopedSource): readonly string[] {
    const read = this.#read[this.sources.indexOf(source)] ?? new Set<string>()
    return [...new Set([...(source.definition.columns ?? []).map(({ name }) => name), ...read])]
  }

  /** As the schema spells it. */
  #spelt({ definition }: ScopedSource, name: string): string {
    if (!this.#ignoreCase) return name
    const names = (definition.columns ?? []).map((column) => column.name)
    const lower = name.toLowerCase()
    return (
      names.find((own) => own === name) ?? names.find((own) => own.toLowerCase() === lower) ?? name
    )
  }

  /** A star reads all columns of one source, or of all. */
  star(except: readonly string[], of?: ScopedSource | undefined): void {
    for (const [i, source] of this.sources.entries()) {
      if (of !== undefined && source !== of) continue
      const before = this.#stars[i]
      this.#stars[i] = new Set(except.filter((name) => before?.has(name) ?? true))
    }
  }

  /** The columns of a source that the statement reads; `undefined`: all. */
  columnsOf(source: ScopedSource): readonly string[] | undefined {
    const index = this.sources.indexOf(source)
    const read = this.#read[index] ?? new Set<string>()
    const left = this.#stars[index]
    if (left === undefined) return [...read]
    const schema = source.definition.columns?.map((column) => column.name)
    if (schema === undefined) return undefined
    const columns = schema.filter((name) => read.has(name) || !left.has(name))
    return columns.length === schema.length ? undefined : columns
  }

  #unknown(name: string, at: Position, candidates: readonly ScopedSource[]): SqlError {
    const known = candidates.flatMap((source) => source.definition.columns ?? [])
    const names = known.map((column) => column.name)
    const streams = candidates.map((source) => `"${source.definition.name}"`).join(', ')
    const hint = didYouMean(nearest(name, names), `${streams} has ${names.slice(0, 20).join(', ')}`)
    return new SqlError('unknown-column', `unknown field ${name}`, at, { hint })
  }
}

function typeIn(
  source: ScopedSource,
  name: string,
): { dataType: DataType; declared: boolean } | undefined {
  const { columns } = source.definition
  if (columns === undefined) {
    const dataType: DataType = source.wholeIsBigint ? { type: 'any', wholeIsBigint: true } : ANY
    const binary = source.definition.options.format === 'binary' && source.hasPayloadField !== true
    return { dataType: binary ? { type: 'bytea' } : dataType, declared: false }
  }
  const column = columns.find((candidate) => candidate.name === name)
  return column && { dataType: column.dataType, declared: true }
}

function ambiguous(name: string, at: Position, a: ScopedSource, b: ScopedSource): SqlError {
  const hint = `write ${a.name}.${name} or ${b.name}.${name}`
  return new SqlError('ambiguous-column', `ambiguous field ${name}`, at, { hint })
}
