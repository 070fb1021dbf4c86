import type { FunctionTable } from '#src/functions/table.ts'
import type * as ast from '#src/sql/ast.ts'
import { didYouMean, SqlError } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import type { Scope, ScopedSource } from './scope.ts'

/** One thing that a select list asks for. */
export type SelectItem = StarItem | ValueItem

export interface StarItem {
  readonly type: 'star'
  readonly source: ScopedSource | undefined
  /** EXCEPT, and the names of all values of the list: those win over a column of the star. */
  readonly except: readonly string[]
}

export interface ValueItem {
  readonly type: 'value'
  readonly name: string
  readonly expression: ast.Expression
  /** Others may use it by its name. */
  readonly isAlias: boolean
  readonly invisible: boolean
}

/** Flattens the list: `* REPLACE(e AS a)` becomes a star without `a`, and `e AS a`. Gives every value its name. */
export function selectItems(
  fields: readonly ast.SelectField[],
  scope: Scope,
  functions: FunctionTable,
): readonly SelectItem[] {
  const names = new FieldNames(scope, functions)
  const items = fields.flatMap((field) => itemsOf(field, names, scope))
  const values = items.flatMap((item) =>
    item.type === 'value' && !item.invisible ? [item.name] : [],
  )
  return items.map((item) =>
    item.type === 'star' ? { ...item, except: [...new Set([...item.except, ...values])] } : item,
  )
}

function itemsOf(field: ast.SelectField, names: FieldNames, scope: Scope): SelectItem[] {
  const { expression, as, invisible } = field
  const isStar = expression.type === 'star'
  if (!isStar && !(expression.type === 'member' && expression.name === '*')) {
    const name = names.add(as ?? names.of(expression), expression.at, as !== undefined)
    return [{ type: 'value', name, expression, isAlias: as !== undefined, invisible }]
  }
  if (as !== undefined) {
    throw new SqlError('not-supported', 'alias is not supported for *', expression.at, {
      hint: 'name columns one by one to rename them',
    })
  }
  const source = isStar ? undefined : starSource(expression, scope)
  const star = isStar ? expression : expression.star
  const replaced = (star?.replace ?? []).map((replacement): ValueItem => {
    const name = names.add(replacement.as, replacement.expression.at, false)
    return { type: 'value', name, expression: replacement.expression, isAlias: false, invisible }
  })
  if (star !== undefined) checkExcept(star, source, scope)
  if (invisible) return replaced
  return [{ type: 'star', source, except: star?.except ?? [] }, ...replaced]
}

/** Where all columns are known, EXCEPT can only name one of them. */
function checkExcept(star: ast.Star, source: ScopedSource | undefined, scope: Scope): void {
  const columns = (source === undefined ? scope.sources : [source]).map(
    ({ definition }) => definition.columns,
  )
  const names = new Set(columns.flatMap((own) => own?.map(({ name }) => name) ?? []))
  if (columns.includes(undefined)) return
  const unknown = star.except.find((name) => !names.has(name))
  if (unknown === undefined) return
  throw new SqlError('unknown-column', `unknown field ${unknown} in EXCEPT`, star.at, {
    hint: didYouMean(nearest(unknown, names), `there are ${[...names].join(', ')}`),
  })
}

/** The stream of `stream.*`. */
function starSource({ base, at }: ast.Member, scope: Scope): ScopedSource {
  const name = base.type === 'name' ? base.name : undefined
  const source = name === undefined ? undefined : scope.source(name)
  if (source !== undefined) return source
  const known = scope.sources.map((candidate) => candidate.name)
  const near = name === undefined ? undefined : nearest(name, known)
  throw new SqlError('unknown-stream', `no stream ${name ?? ''} in this statement`, at, {
    hint: didYouMean(near, `there is ${known.join(', ')}`),
  })
}

/** Names of the output: what a field without an alias is called, and that no name comes twice. */
class FieldNames {
  readonly #scope: Scope
  readonly #functions: FunctionTable
  readonly #taken = new Set<string>()
  /** By their names in lower case. */
  readonly #aliases = new Map<string, string>()
  #unnamed = 0

  constructor(scope: Scope, functions: FunctionTable) {
    this.#scope = scope
    this.#functions = functions
  }

  of(expression: ast.Expression): string {
    if (expression.type === 'name') return expression.name
    if (expression.type === 'call') {
      const isBuiltIn = this.#functions.lookup(expression.name) !== undefined
      return isBuiltIn || isSpecial(expression.name)
        ? expression.name.toLowerCase()
        : expression.name
    }
    if (expression.type === 'member' && expression.operator === '.') {
      const { base, name } = expression
      if (base.type === 'name' && this.#scope.source(base.name) !== undefined) return name
    }
    return `kuiper_field_${this.#unnamed++}`
  }

  add(name: string, at: ast.Position, isAlias: boolean): string {
    if (this.#taken.has(name)) {
      throw new SqlError('duplicate-name', `duplicate field definition ${name}`, at, {
        hint: 'give one of them another name with AS',
      })
    }
    this.#taken.add(name)
    if (isAlias) this.#addAlias(name, at)
    return name
  }

  #addAlias(name: string, at: ast.Position): void {
    const lower = name.toLowerCase()
    const other = this.#aliases.get(lower)
    if (other !== undefined) {
      throw new SqlError('duplicate-name', `duplicate alias ${name}`, at, {
        hint: `it differs from "${other}" in case only`,
      })
    }
    this.#aliases.set(lower, name)
  }
}

/** Functions that are no functions of the table: the planner makes hidden columns of them. */
function isSpecial(name: string): boolean {
  return /^(meta|mqtt|event_time|window_(start|end|trigger))$/i.test(name)
}
