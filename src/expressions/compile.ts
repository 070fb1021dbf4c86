import type { Row } from '@plutino/sdk'
import type { Aggregator, Analyst, FunctionEnvironment } from '#src/functions/declaration.ts'
import type { FunctionTable } from '#src/functions/table.ts'
import { timeReader } from '#src/functions/time-format.ts'
import { literalKey } from '#src/own-property.ts'
import type { AggregateCall, AnalyticCall, Call, PlanExpression } from '#src/plan/expression.ts'
import { emitBuiltIn } from './call.ts'
import { emit } from './emit.ts'
import { emitCondition, isLogical } from './emit-logic.ts'
import type { Emitter } from './emitter.ts'
import { knownArguments } from './known.ts'
import { Scope } from './scope.ts'

/** Makes the function behind a call of a plugin's function. */
export type PluginCalls = (call: Call) => (...args: unknown[]) => unknown

/** What a built-in that may answer with a promise is called through. */
export type WaitingCalls = (call: Call, target: Target) => Target

type Target = (...args: unknown[]) => unknown

export interface Field {
  readonly name: string
  readonly expression: PlanExpression
}

/**
 * Turns the expressions of a plan into functions of a row, once per flow. What these throw is a `RowError`, or whatever a
 * plugin's function throws.
 *
 * Logic has three values, true, false and unknown (null), as long as it is inside an expression. As the value of a
 * field, and of `compileValue`, an unknown comparison or condition is false, as the peer says; a condition keeps a row
 * only when it is true.
 */
export class Expressions {
  readonly #environment: FunctionEnvironment
  readonly #functions: FunctionTable
  readonly #pluginCalls: PluginCalls
  readonly #waitingCalls: WaitingCalls

  constructor(
    environment: FunctionEnvironment,
    functions: FunctionTable,
    pluginCalls: PluginCalls = noPlugins,
    waitingCalls: WaitingCalls = (_, target) => target,
  ) {
    this.#environment = environment
    this.#functions = functions
    this.#pluginCalls = pluginCalls
    this.#waitingCalls = waitingCalls
  }

  /** The text of an expression's value in three-valued logic, for generated code of operators. */
  emit(expression: PlanExpression, scope: Scope): string {
    return this.#emitter(scope).emit(expression)
  }

  /** The text of whether an expression is true. */
  emitCondition(expression: PlanExpression, scope: Scope): string {
    return emitCondition(expression, this.#emitter(scope))
  }

  compileValue(expression: PlanExpression): (row: Row) => unknown {
    const scope = new Scope()
    return scope.build(this.#emitField(expression, scope))
  }

  /** The value as other expressions see it: an unknown comparison or condition is null. */
  compileOperand(expression: PlanExpression): (row: Row) => unknown {
    const scope = new Scope()
    return scope.build(this.emit(expression, scope))
  }

  /** True only when the value is true. */
  compilePredicate(expression: PlanExpression): (row: Row) => boolean {
    const scope = new Scope()
    const holds = this.emitCondition(expression, scope)
    return scope.build(holds) as (row: Row) => boolean // emitCondition emits nothing else
  }

  /** One object literal: all rows that it makes have one hidden class. Of two fields of one name the later one wins. */
  compileRecord(fields: readonly Field[]): (row: Row) => Row {
    const scope = new Scope()
    const texts = fields.map(
      ({ name, expression }) => `${literalKey(name)}: ${this.#emitField(expression, scope)}`,
    )
    return scope.build(`{ ${texts.join(', ')} }`) as (row: Row) => Row
  }

  /** The values as they are, unknown ones as null: arguments of functions, keys of groups. */
  compileTuple(expressions: readonly PlanExpression[]): (row: Row) => unknown[] {
    const scope = new Scope()
    const texts = expressions.map((expression) => this.emit(expression, scope))
    return scope.build(`[${texts.join(', ')}]`) as (row: Row) => unknown[]
  }

  /** The built-in behind a call of an aggregate function. */
  aggregator(call: AggregateCall): Aggregator<unknown> {
    const declaration = this.#functions.aggregate(call.name)
    return declaration.make(this.#environment, knownArguments(call.args))
  }

  /** The built-in behind a call of an analytic function. */
  analyst(call: AnalyticCall): Analyst<unknown> {
    const declaration = this.#functions.analytic(call.name)
    return declaration.make(this.#environment, knownArguments(call.args))
  }

  #emitField(expression: PlanExpression, scope: Scope): string {
    const text = this.emit(expression, scope)
    return isLogical(expression) ? `(${text}) === true` : text
  }

  #emitter(scope: Scope): Emitter {
    const { timeZone } = this.#environment
    const emitter: Emitter = {
      scope,
      parseTime: timeReader(undefined, timeZone),
      emit: (expression) => emit(expression, emitter),
      call: (call, args) => this.#emitCall(call, args, scope),
    }
    return emitter
  }

  #emitCall(call: Call, args: readonly string[], scope: Scope): string {
    if (call.plugin !== undefined) {
      return `${scope.constant(this.#pluginCalls(call))}(${args.join(', ')})`
    }
    const declaration = this.#functions.row(call.name)
    if (call.waits === true) {
      // What a function takes is its own affair: arguments are checked when a rule is planned.
      const made = declaration.make(this.#environment, knownArguments(call.args)) as Target
      return `${scope.constant(this.#waitingCalls(call, made))}(${args.join(', ')})`
    }
    return emitBuiltIn(declaration, call, args, this.#environment, scope)
  }
}

function noPlugins(call: Call): never {
  throw new Error(`function ${call.name} of a plugin is not available here`)
}
