import { runInThisContext } from 'node:vm'
import { maskSecrets } from '#host/config/secrets.ts'
import { isMap } from '#host/config/yaml.ts'
import { nearest } from '#src/sql/near.ts'

/**
 * The part of JSON Schema that options of plugins use. A plugin wrote the schema, so nothing is generated from it, nothing
 * is fetched, and patterns run with a time limit; a keyword that is not known says nothing.
 */
export type OptionSchema = Readonly<Record<string, unknown>>

/** What is wrong with a value. */
export interface OptionProblem {
  /** `servers.0.port`; empty for the whole. */
  readonly path: string
  readonly message: string
}

const MAX_DEPTH = 32
/** Schemas looked at for one check: `$ref`s may lead in circles. */
const MAX_STEPS = 10_000
/** A good pattern takes microseconds: it is a loaded machine that needs the time. */
const PATTERN_MS = 200
/**
 * Of all patterns of one check. More than one pattern may take: the time is the clock's, and a thread that did not run
 * meanwhile says nothing of the pattern, so it is tried again.
 */
const ALL_PATTERNS_MS = 3 * PATTERN_MS
const MAX_TEXT = 10_000

/**
 * @param common names that every source or sink takes, whatever the schema says
 * @returns the first problem; `undefined`: it is as the schema wants it
 */
export function checkOptions(
  schema: OptionSchema,
  value: Readonly<Record<string, unknown>>,
  common: ReadonlySet<string>,
): OptionProblem | undefined {
  return new Check(schema, common).run(schema, value, [])
}

type Path = readonly string[]

class Check {
  readonly #root: OptionSchema
  readonly #common: ReadonlySet<string>
  readonly #patterns = new Patterns()
  #steps = 0
  #depth = 0

  constructor(root: OptionSchema, common: ReadonlySet<string>) {
    this.#root = root
    this.#common = common
  }

  run(schema: unknown, value: unknown, path: Path): OptionProblem | undefined {
    if (schema === false) return problem(path, 'is not allowed')
    if (!isMap(schema)) return undefined
    if (++this.#steps > MAX_STEPS || this.#depth > MAX_DEPTH)
      return problem(path, "cannot be checked: the plugin's schema is too deep")
    this.#depth++
    try {
      return this.#run(schema, value, path)
    } finally {
      this.#depth--
    }
  }

  #run(schema: OptionSchema, value: unknown, path: Path): OptionProblem | undefined {
    return (
      this.#reference(schema, value, path) ??
      ofType(schema, value, path) ??
      ofValue(schema, value, path, this.#patterns) ??
      this.#combined(schema, value, path) ??
      (isMap(value) ? this.#object(schema, value, path) : undefined) ??
      (Array.isArray(value) ? this.#array(schema, value, path) : undefined)
    )
  }

  #reference({ $ref }: OptionSchema, value: unknown, path: Path): OptionProblem | undefined {
    if (typeof $ref !== 'string' || !$ref.startsWith('#')) return undefined
    let target: unknown = this.#root
    for (const part of $ref.slice(1).split('/').filter(Boolean)) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
      target = isMap(target) && Object.hasOwn(target, key) ? target[key] : undefined
    }
    return this.run(target, value, path)
  }

  #combined(schema: OptionSchema, value: unknown, path: Path): OptionProblem | undefined {
    const { allOf, anyOf, oneOf, not } = schema
    for (const each of listOf(allOf)) {
      const found = this.run(each, value, path)
      if (found !== undefined) return found
    }
    for (const [all, isOne] of [
      [listOf(anyOf), false],
      [listOf(oneOf), true],
    ] as const) {
      if (all.length === 0) continue
      const problems = all.map((each) => this.run(each, value, path))
      const fitting = problems.filter((found) => found === undefined).length
      if (fitting === 0) return problems.length === 1 ? problems[0] : problem(path, oneOfText(all))
      if (isOne && fitting > 1)
        return problem(path, 'fits more than one of the forms that it may have')
    }
    if (not !== undefined && this.run(not, value, path) === undefined)
      return problem(path, 'has a value that is not allowed')
    return undefined
  }

  #object(
    schema: OptionSchema,
    value: Readonly<Record<string, unknown>>,
    path: Path,
  ): OptionProblem | undefined {
    const { properties, required, additionalProperties } = schema
    const known = isMap(properties) ? properties : {}
    for (const name of listOf(required)) {
      if (typeof name === 'string' && value[name] === undefined)
        return problem([...path, name], 'is missing')
    }
    for (const [name, item] of Object.entries(value)) {
      const at = [...path, name]
      if (Object.hasOwn(known, name)) {
        const found = this.run(known[name], item, at)
        if (found !== undefined) return found
      } else if (path.length > 0 || !this.#common.has(name)) {
        if (additionalProperties === false) return problem(at, unknownText(name, known))
        const found = this.run(additionalProperties, item, at)
        if (found !== undefined) return found
      }
    }
    return undefined
  }

  #array(schema: OptionSchema, value: readonly unknown[], path: Path): OptionProblem | undefined {
    const { items, minItems, maxItems } = schema
    if (typeof minItems === 'number' && value.length < minItems)
      return problem(path, `must have at least ${minItems} items`)
    if (typeof maxItems === 'number' && value.length > maxItems)
      return problem(path, `must have at most ${maxItems} items`)
    for (const [i, item] of value.entries()) {
      const found = this.run(items, item, [...path, String(i)])
      if (found !== undefined) return found
    }
    return undefined
  }
}

const tests: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  object: isMap,
  array: Array.isArray,
  null: (value) => value === null,
}

const names: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
}

function ofType({ type }: OptionSchema, value: unknown, path: Path): OptionProblem | undefined {
  const types = (Array.isArray(type) ? type : [type]).filter(
    (each): each is string => typeof each === 'string' && Object.hasOwn(tests, each),
  )
  if (types.length === 0 || types.some((each) => tests[each]?.(value))) return undefined
  return problem(
    path,
    `must be ${types.map((each) => names[each]).join(' or ')}, not ${shown(value, path)}`,
  )
}

function ofValue(
  schema: OptionSchema,
  value: unknown,
  path: Path,
  patterns: Patterns,
): OptionProblem | undefined {
  const isSame = (other: unknown) => JSON.stringify(other) === JSON.stringify(value)
  if (schema.const !== undefined && !isSame(schema.const))
    return problem(path, `must be ${shown(schema.const)}, not ${shown(value, path)}`)
  if (Array.isArray(schema.enum) && !schema.enum.some(isSame))
    return problem(
      path,
      `must be one of ${schema.enum
        .slice(0, 20)
        .map((each) => shown(each))
        .join(', ')}, not ${shown(value, path)}`,
    )
  if (typeof value === 'number') return ofNumber(schema, value, path)
  return typeof value === 'string' ? ofText(schema, value, path, patterns) : undefined
}

function ofNumber(schema: OptionSchema, value: number, path: Path): OptionProblem | undefined {
  const limit = (name: string) => (typeof schema[name] === 'number' ? schema[name] : undefined)
  const [least, most] = [limit('minimum'), limit('maximum')]
  const [above, below] = [limit('exclusiveMinimum'), limit('exclusiveMaximum')]
  if (least !== undefined && value < least)
    return problem(path, `must be at least ${least}, not ${value}`)
  if (most !== undefined && value > most)
    return problem(path, `must be at most ${most}, not ${value}`)
  if (above !== undefined && value <= above)
    return problem(path, `must be above ${above}, not ${value}`)
  if (below !== undefined && value >= below)
    return problem(path, `must be below ${below}, not ${value}`)
  return undefined
}

function ofText(
  schema: OptionSchema,
  value: string,
  path: Path,
  patterns: Patterns,
): OptionProblem | undefined {
  const { minLength, maxLength, pattern } = schema
  if (typeof minLength === 'number' && value.length < minLength)
    return problem(
      path,
      minLength === 1 ? 'must not be empty' : `must have at least ${minLength} characters`,
    )
  if (typeof maxLength === 'number' && value.length > maxLength)
    return problem(path, `must have at most ${maxLength} characters`)
  if (typeof pattern !== 'string' || patterns.match(pattern, value)) return undefined
  return problem(path, `must match ${pattern.slice(0, 200)}`)
}

/** A pattern may take for ever on the text that it was made for, and a schema may have thousands; one that is none says nothing. */
class Patterns {
  #leftMs = ALL_PATTERNS_MS

  match(pattern: string, value: string): boolean {
    if (value.length > MAX_TEXT) return false
    const script = `new RegExp(${JSON.stringify(pattern)}, 'u').test(${JSON.stringify(value)})`
    while (this.#leftMs >= 1) {
      const started = performance.now()
      try {
        const timeout = Math.floor(Math.min(PATTERN_MS, this.#leftMs))
        return runInThisContext(script, { timeout }) === true
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') return true
      } finally {
        this.#leftMs -= performance.now() - started
      }
    }
    return false
  }
}

function oneOfText(schemas: readonly unknown[]): string {
  const kinds = schemas.flatMap((each) => {
    if (!isMap(each)) return []
    if (each.const !== undefined) return [shown(each.const)]
    return typeof each.type === 'string' ? [names[each.type] ?? each.type] : []
  })
  return kinds.length === schemas.length
    ? `must be ${[...new Set(kinds)].join(' or ')}`
    : 'fits none of the forms that it may have'
}

function unknownText(name: string, known: OptionSchema): string {
  const all = Object.keys(known)
  const near = nearest(name, all)
  if (near !== undefined) return `is not known; did you mean "${near}"?`
  return all.length === 0
    ? 'is not known; there are no options'
    : `is not known; there are ${all.slice(0, 20).join(', ')}`
}

function problem(path: Path, message: string): OptionProblem {
  return { path: path.join('.'), message }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A value that may be a secret is never shown whole. */
function shown(value: unknown, path: Path = []): string {
  if (maskSecrets(value, path.at(-1)) !== value && !isMap(value) && !Array.isArray(value))
    return 'what it is'
  if (typeof value === 'string') return value.length > 40 ? 'a longer text' : JSON.stringify(value)
  if (Array.isArray(value)) return 'a list'
  return isMap(value) ? 'an object' : String(value)
}
