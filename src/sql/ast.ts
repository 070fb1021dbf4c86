/** Where in the text of a statement, from 1, and the offset in UTF-16 code units, from 0. */
export interface Position {
  readonly line: number
  readonly column: number
  readonly offset: number
}

interface Node {
  readonly at: Position
}

/** An expression as written. Names are not resolved, nothing is typed. */
export type Expression =
  | Literal
  | Name
  | Star
  | Member
  | Subscript
  | Slice
  | Call
  | Unary
  | Binary
  | Between
  | In
  | Like
  | IsNull
  | Case

export interface Literal extends Node {
  readonly type: 'literal'
  /** An integer beyond 2^53 is a bigint. Text and booleans as they are. There is no NULL literal in the dialect. */
  readonly value: number | bigint | string | boolean
  /** `5` is a bigint, `5.0` and `5e0` are floats, whatever JavaScript calls them. */
  readonly kind: 'bigint' | 'float' | 'string' | 'boolean'
}

/** A column, an alias, a stream before a dot, a unit in a window. */
export interface Name extends Node {
  readonly type: 'name'
  readonly name: string
  /** Written in back-ticks: never a keyword or a unit. */
  readonly quoted: boolean
}

/** `*`, with its modifiers in a select list or in `count(* EXCEPT(a))`. */
export interface Star extends Node {
  readonly type: 'star'
  readonly except: readonly string[]
  readonly replace: readonly { readonly expression: Expression; readonly as: string }[]
}

/** `base->name`, `base.name` and, with `name: '*'`, `stream.*`. The planner tells a stream from a path. */
export interface Member extends Node {
  readonly type: 'member'
  readonly base: Expression
  readonly operator: '->' | '.'
  readonly name: string
  /** The modifiers of `stream.*`. */
  readonly star?: Star | undefined
}

export interface Subscript extends Node {
  readonly type: 'subscript'
  readonly base: Expression
  readonly index: Expression
}

/** `base[from:to]`, either end open. */
export interface Slice extends Node {
  readonly type: 'slice'
  readonly base: Expression
  readonly from: Expression | undefined
  readonly to: Expression | undefined
}

export interface Call extends Node {
  readonly type: 'call'
  /** As written. */
  readonly name: string
  readonly args: readonly Expression[]
  /** `count(DISTINCT a)` */
  readonly distinct: boolean
  readonly filter: Expression | undefined
  readonly over: Over | undefined
}

export interface Over {
  readonly partition: readonly Expression[]
  readonly when: Expression | undefined
  readonly order: readonly SortKey[]
}

export interface Unary extends Node {
  readonly type: 'unary'
  readonly operator: '-' | 'NOT'
  readonly operand: Expression
}

export type BinaryOperator =
  | 'OR'
  | 'AND'
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '|'
  | '^'
  | '*'
  | '/'
  | '%'
  | '&'

export interface Binary extends Node {
  readonly type: 'binary'
  readonly operator: BinaryOperator
  readonly left: Expression
  readonly right: Expression
}

export interface Between extends Node {
  readonly type: 'between'
  readonly not: boolean
  readonly operand: Expression
  readonly low: Expression
  readonly high: Expression
}

/** `a IN (1, 2)` has a list, `a IN expression` a set. */
export interface In extends Node {
  readonly type: 'in'
  readonly not: boolean
  readonly operand: Expression
  readonly list: readonly Expression[] | undefined
  readonly set: Expression | undefined
}

export interface Like extends Node {
  readonly type: 'like'
  readonly not: boolean
  readonly operand: Expression
  readonly pattern: Expression
}

export interface IsNull extends Node {
  readonly type: 'is-null'
  readonly not: boolean
  readonly operand: Expression
}

export interface Case extends Node {
  readonly type: 'case'
  readonly value: Expression | undefined
  readonly whens: readonly { readonly condition: Expression; readonly result: Expression }[]
  readonly otherwise: Expression | undefined
}

export interface SortKey {
  readonly expression: Expression
  readonly descending: boolean
}

export interface SelectField {
  readonly expression: Expression
  readonly as: string | undefined
  readonly invisible: boolean
}

export interface FromItem extends Node {
  /** A stream's or table's name; an MQTT topic such as `devices/+/up` is one name too. */
  readonly name: string
  readonly as: string | undefined
}

export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'cross'

export interface Join extends Node {
  readonly join: JoinType
  readonly from: FromItem
  readonly on: Expression | undefined
}

export interface Select extends Node {
  readonly type: 'select'
  readonly distinct: boolean
  readonly fields: readonly SelectField[]
  readonly from: FromItem
  readonly joins: readonly Join[]
  readonly where: Expression | undefined
  /** Dimensions and windows as written; the planner tells them apart. */
  readonly groupBy: readonly Expression[]
  readonly having: Expression | undefined
  readonly orderBy: readonly SortKey[]
  readonly limit: number | undefined
}

/** The type of a column in a schema. */
export type ColumnType =
  | { readonly type: 'bigint' | 'float' | 'string' | 'bytea' | 'datetime' | 'boolean' }
  | { readonly type: 'array'; readonly element: ColumnType }
  | { readonly type: 'struct'; readonly fields: readonly ColumnDefinition[] }

export interface ColumnDefinition {
  readonly name: string
  readonly column: ColumnType
  readonly default?: number | bigint | string | boolean | undefined
}

export type DefinitionKind = 'stream' | 'table'

/** WITH options; keys in upper case, each value as written. */
export type StreamOptions = Readonly<Record<string, string | boolean>>

export interface Create extends Node {
  readonly type: 'create'
  readonly kind: DefinitionKind
  readonly name: string
  /** `undefined`: schemaless (an empty list). */
  readonly columns: readonly ColumnDefinition[] | undefined
  readonly options: StreamOptions
}

export interface Show extends Node {
  readonly type: 'show'
  readonly kind: DefinitionKind
}

export interface Describe extends Node {
  readonly type: 'describe'
  readonly kind: DefinitionKind
  readonly name: string
}

export interface Explain extends Node {
  readonly type: 'explain'
  readonly kind: DefinitionKind
  readonly name: string
}

export interface Drop extends Node {
  readonly type: 'drop'
  readonly kind: DefinitionKind
  readonly name: string
}

export type Statement = Select | Create | Show | Describe | Explain | Drop
