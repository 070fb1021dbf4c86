import type { Expression, FromItem, Join, JoinType, Select, SelectField, SortKey } from './ast.ts'
import { climb } from './climb.ts'
import { flatten, readMark } from './flatten.ts'
import {
  isNode,
  type LibraryNode,
  listIn,
  nodeIn,
  onlyKeys,
  textIn,
  UnknownTree,
} from './library.ts'
import type { Script } from './script.ts'

const selectKeys = new Set(
  'type distinct columns into from where groupby having orderby limit'.split(' '),
)
const sourceKeys = new Set(['table', 'as', 'join', 'on'])
const fieldKeys = new Set(['expr', 'as'])
const sortKeys = new Set(['expr', 'type'])

const joinTypes: ReadonlyMap<string, JoinType> = new Map([
  ['INNER JOIN', 'inner'],
  ['LEFT JOIN', 'left'],
  ['RIGHT JOIN', 'right'],
  ['FULL JOIN', 'full'],
  ['CROSS JOIN', 'cross'],
])

/** Turns the library's tree of a lowered SELECT into ours, every leaf read from the original tokens. */
export function liftSelect(script: Script, tree: LibraryNode, at: number): Select {
  return new Lift(script).select(tree, at)
}

/** The first field of a lowered SELECT. */
export function liftExpression(script: Script, tree: LibraryNode): Expression {
  const [field] = listIn(tree.columns, 'fields')
  return climb(script, flatten(nodeIn(field?.expr, 'expression')))
}

class Lift {
  readonly #script: Script

  constructor(script: Script) {
    this.#script = script
  }

  select(tree: LibraryNode, at: number): Select {
    if (tree.type !== 'select') throw new UnknownTree(`a statement ${String(tree.type)}`)
    onlyKeys(tree, selectKeys)
    onlyKeys(nodeIn(tree.into, 'into'), new Set())
    const [from, ...joined] = listIn(tree.from, 'sources')
    if (from === undefined) throw new UnknownTree('no source')
    return {
      type: 'select',
      at: this.#script.at(at),
      distinct: tree.distinct === 'DISTINCT',
      fields: listIn(tree.columns, 'fields').map((field) => this.#field(field)),
      from: this.#source(from),
      joins: joined.map((join) => this.#join(join)),
      where: this.#optional(tree.where),
      groupBy: this.#groupBy(tree.groupby),
      having: this.#optional(tree.having),
      orderBy: this.#orderBy(tree.orderby),
      limit: this.#limit(tree.limit),
    }
  }

  #expression(value: unknown): Expression {
    return climb(this.#script, flatten(nodeIn(value, 'expression')))
  }

  #optional(value: unknown): Expression | undefined {
    return isNode(value) ? this.#expression(value) : undefined
  }

  #field(field: LibraryNode): SelectField {
    onlyKeys(field, fieldKeys)
    const expression = this.#expression(field.expr)
    if (field.as === null) return { expression, as: undefined, invisible: false }
    const { letter, token } = readMark(field.as)
    const as = letter === 'w' ? undefined : this.#script.nameAt(token)
    return { expression, as, invisible: letter !== 'k' }
  }

  #source(source: LibraryNode): FromItem {
    onlyKeys(source, sourceKeys)
    const { token } = readMark(source.table)
    const alias = source.as === null ? undefined : readMark(source.as).token
    return {
      at: this.#script.at(token),
      name: this.#script.nameAt(token),
      as: alias === undefined ? undefined : this.#script.nameAt(alias),
    }
  }

  #join(join: LibraryNode): Join {
    const from = this.#source(join)
    const type = joinTypes.get(textIn(join.join, 'join'))
    if (type === undefined) throw new UnknownTree(`a join ${String(join.join)}`)
    return { at: from.at, join: type, from, on: this.#optional(join.on) }
  }

  #groupBy(value: unknown): readonly Expression[] {
    if (!isNode(value)) return []
    return listIn(value.columns, 'dimensions').map((dimension) => this.#expression(dimension))
  }

  #orderBy(value: unknown): readonly SortKey[] {
    if (!isNode(value)) return []
    return listIn(value, 'keys').map((key) => {
      onlyKeys(key, sortKeys)
      return { expression: this.#expression(key.expr), descending: key.type === 'DESC' }
    })
  }

  #limit(value: unknown): number | undefined {
    if (!isNode(value)) return undefined
    const [count, ...more] = listIn(value.value, 'limits')
    if (typeof count?.value !== 'number' || more.length > 0) throw new UnknownTree('a limit')
    return count.value
  }
}
