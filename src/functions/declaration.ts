import type { DataType } from '#src/plan/types.ts'

/** What a function may ask the flow for. */
export interface FunctionEnvironment {
  readonly ruleId: string
  /** When the rule was started, ms since the epoch. */
  readonly startedAt: number
  /** IANA name of the rule's time zone. */
  readonly timeZone: string
  now(): number
  /** Environment of `props("k")`, given by the host. */
  readonly props: Readonly<Record<string, string>>
  /** What stands under a key outside of the flow, or a promise of it; null: nothing. Missing: nothing does. */
  readonly keyedState?: ((key: string) => unknown) | undefined
}

/** What is known of an argument when the rule is created. */
export interface KnownArgument {
  readonly dataType: DataType
  readonly literal?: number | bigint | string | boolean | null | undefined
}

export interface Parameter {
  readonly name: string
  /** What it may be; anything when it is missing. Checked for literals and typed columns when the rule is created. */
  readonly types?: readonly DataType['type'][] | undefined
  /** May be left out, with all behind it. */
  readonly optional?: boolean | undefined
  /** Stands for any number of arguments (at least one); the last parameter only. */
  readonly rest?: boolean | undefined
}

export interface Example {
  /** An expression over `row`, e.g. `upper(name)`. */
  readonly sql: string
  readonly row?: Readonly<Record<string, unknown>> | undefined
  /** For aggregates: the rows of the group. */
  readonly rows?: readonly Readonly<Record<string, unknown>>[] | undefined
  /** The result; `{ error: text }` for a row error. */
  readonly gives: unknown
}

interface Declaration {
  /** Canonical, in lower case. */
  readonly name: string
  readonly synonyms?: readonly string[] | undefined
  readonly family:
    | 'aggregate'
    | 'analytic'
    | 'array'
    | 'object'
    | 'text'
    | 'math'
    | 'time'
    | 'hash'
    | 'json'
    | 'other'
    | 'window'
  readonly parameters: readonly Parameter[]
  readonly returns: DataType | ((args: readonly KnownArgument[]) => DataType)
  /** One or two sentences for the page of functions and for editors. */
  readonly doc: string
  readonly examples: readonly Example[]
  /** Checks beyond arity and types when the rule is created; what it throws refuses the rule. */
  readonly check?: ((args: readonly KnownArgument[]) => void) | undefined
}

/**
 * A function of one row, called by compiled code.
 *
 * `guard`: what happens before the call when an argument is null or, except for `none`, an empty array or object: `null`,
 * `false` or `0` is the result without a call.
 */
export interface RowDeclaration extends Declaration {
  readonly kind: 'row'
  readonly guard: 'null' | 'false' | 'zero' | 'none'
  readonly inline?: InlineCall | undefined
  /** Never the same for the same arguments, so never folded (now, rand, newuuid). */
  readonly volatile?: boolean | undefined
  /** Its call may give a promise: the row waits for it, at a stage border. */
  readonly waits?: boolean | undefined
  /**
   * Makes the function for one call in one flow. Literals are known here (compile a regular expression once). What it
   * throws at run time is an error of the row; throw `RowError` with the peer's wording where there is one.
   */
  make(
    environment: FunctionEnvironment,
    args: readonly KnownArgument[],
  ): (...args: never[]) => unknown
}

/**
 * A shorter way for the usual values, if there is one: code that says what the call would whenever `when` holds, and does
 * not throw. `names` are the arguments: variables, or literals as they are written.
 */
export type InlineCall = (call: {
  readonly names: readonly string[]
  readonly known: readonly KnownArgument[]
  /** The name under which the code finds that value. */
  readonly constant: (value: unknown) => string
}) => { readonly when: string; readonly value: string } | undefined

/**
 * An aggregate. `add` and `result` are called by compiled code with the accumulator of a group.
 * Nulls reach `add` (count(*) has no argument); `guard` is the function's own affair.
 */
export interface AggregateDeclaration extends Declaration {
  readonly kind: 'aggregate'
  /** `add` gets the whole row before the arguments. */
  readonly takesRow?: boolean | undefined
  make(environment: FunctionEnvironment, args: readonly KnownArgument[]): Aggregator<unknown>
}

/** Accumulators are plain data that can be serialized (numbers, text, arrays, plain objects, Map, Set). */
export interface Aggregator<A> {
  init(): A
  /** Returns the accumulator, the same one changed or another. */
  add(accumulator: A, ...args: unknown[]): A
  /** Takes the oldest row out again; missing where that is impossible (max). */
  remove?: ((accumulator: A, ...args: unknown[]) => A) | undefined
  /**
   * The accumulator of two neighbouring groups, the older one first; for panes. Missing where rows must be kept in order
   * and cannot be joined. It may change the older one and give back either; the newer one stays as it is.
   */
  merge?: ((older: A, newer: A) => A) | undefined
  /** The accumulator holds all values: where windows overlap it is made anew, and not kept once per pane. */
  grows?: boolean | undefined
  result(accumulator: A): unknown
  lanes?: Lanes<A> | undefined
}

/**
 * An accumulator as a few numbers in an array of numbers, for as long as every value is null or a number other than NaN;
 * nulls are passed over. Says exactly what the accumulator would. Texts are of generated code; `lane(i)` can be assigned to.
 */
export interface Lanes<A> {
  readonly init: readonly number[]
  /** Statements that take in the number in the variable `value`. */
  add(lane: LaneText, value: string): string
  /** It counts values and does not look at them: they may be of any type. */
  readonly takesAny?: boolean | undefined
  /** Statements that join the newer accumulator into the older one; set where `merge` is. */
  merge?: ((older: LaneText, newer: LaneText) => string) | undefined
  /** Of as many numbers as `init` has. */
  result(...lanes: readonly number[]): unknown
  unpack(lanes: readonly number[]): A
  /** `undefined`: it saw other values than numbers. */
  pack(accumulator: A): readonly number[] | undefined
}

/** The text of a lane, by its number within the accumulator. */
export type LaneText = (lane: number) => string

/** An analytic function: state per partition, in stream order. */
export interface AnalyticDeclaration extends Declaration {
  readonly kind: 'analytic'
  make(environment: FunctionEnvironment, args: readonly KnownArgument[]): Analyst<unknown>
}

export interface Analyst<S> {
  init(): S
  /** Takes a row in; returns its value. `state` may be changed in place; it is plain data. */
  step(state: S, ...args: unknown[]): unknown
  /** The value without taking the row in: WHEN was not true. */
  peek(state: S): unknown
  lanes?: AnalystLanes<S> | undefined
}

/** A state as a few numbers in an array of numbers, see `Lanes`; of a function that is called with its value alone. */
export interface AnalystLanes<S> {
  readonly init: readonly number[]
  /** Statements that take in the number in the variable `value` and assign what the call gives to `result`. */
  step(lane: LaneText, value: string, result: string): string
  /** See `Lanes`. */
  readonly takesAny?: boolean | undefined
  /** An expression: what `peek` gives. */
  peek(lane: LaneText): string
  /** Throws what `step` does for null; missing where a null is passed over and gives what `peek` does. */
  refuse?: (() => never) | undefined
  unpack(lanes: readonly number[]): S
  pack(state: S): readonly number[] | undefined
}

export type FunctionDeclaration = RowDeclaration | AggregateDeclaration | AnalyticDeclaration
