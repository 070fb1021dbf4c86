import type { FunctionEnvironment, RowDeclaration } from '#src/functions/declaration.ts'
import type { Call, PlanExpression } from '#src/plan/expression.ts'
import { FunctionConstructor } from './captured.ts'
import { RowError } from './errors.ts'
import { knownArguments } from './known.ts'
import type { Scope } from './scope.ts'

type Callable = (...args: unknown[]) => unknown

/** The text of a call of a built-in, with the look at nulls that the function asks for before it. */
export function emitBuiltIn(
  declaration: RowDeclaration,
  call: Call,
  texts: readonly string[],
  environment: FunctionEnvironment,
  scope: Scope,
): string {
  // What a function takes is its own affair: `never[]` fits them all, and arguments are checked when a rule is planned.
  const made = declaration.make(environment, knownArguments(call.args)) as Callable
  const target = scope.constant(named(declaration.name, made, texts.length))
  const short = emitInline(declaration, call, texts, target, scope)
  if (short !== undefined) return short
  if (declaration.guard === 'none') return `${target}(${texts.join(', ')})`
  const names: string[] = []
  const tests: string[] = []
  for (const [index, text] of texts.entries()) {
    const arg = call.args[index]
    if (arg?.type === 'literal' && arg.value !== null) {
      names.push(text)
      continue
    }
    const name = scope.temporary()
    names.push(name)
    tests.push(`(${name} = ${text}) === null || ${name} === undefined`)
    if (mayBeEmpty(arg)) {
      tests.push(`typeof ${name} === "object" && ${scope.constant(isEmpty)}(${name})`)
    }
  }
  const value = `${target}(${names.join(', ')})`
  return tests.length === 0
    ? value
    : `(${tests.join(' || ')} ? ${guarded[declaration.guard]} : ${value})`
}

/** The short way, and the call where that is not right. */
function emitInline(
  { inline, guard }: RowDeclaration,
  { args }: Call,
  texts: readonly string[],
  target: string,
  scope: Scope,
): string | undefined {
  if (inline === undefined) return undefined
  const isSimple = args.map(({ type }) => type === 'literal' || type === 'column')
  // Behind a null the other arguments are not evaluated, which shows where one of them fails.
  if (guard !== 'none' && !isSimple.slice(1).every(Boolean)) return undefined
  const names = texts.map((text, i) => (isSimple[i] ? text : scope.temporary()))
  const constant = (value: unknown) => scope.constant(value)
  const made = inline({ names, known: knownArguments(args), constant })
  if (made === undefined) return undefined
  const assigned = texts.flatMap((text, i) => (isSimple[i] ? [] : [`${names[i]} = ${text}, `]))
  const tests = names.flatMap((name, i) => {
    const arg = args[i]
    if (arg?.type === 'literal' && arg.value !== null) return []
    const isNull = `${name} === null || ${name} === undefined`
    if (!mayBeEmpty(arg)) return [isNull]
    return [isNull, `typeof ${name} === "object" && ${scope.constant(isEmpty)}(${name})`]
  })
  const value = `${target}(${names.join(', ')})`
  const slow =
    guard === 'none' || tests.length === 0
      ? value
      : `(${tests.join(' || ')} ? ${guarded[guard]} : ${value})`
  return `(${assigned.join('')}${made.when} ? ${made.value} : ${slow})`
}

const guarded = { null: 'null', false: 'false', zero: '0' }

function mayBeEmpty(arg: PlanExpression | undefined): boolean {
  const type = arg?.dataType.type
  return type === undefined || type === 'any' || type === 'array' || type === 'struct'
}

/** An array without elements or an object without properties. Bytes are a value, also when there are none. */
function isEmpty(value: object): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (value instanceof Uint8Array) return false
  for (const name in value) if (Object.hasOwn(value, name)) return false
  return true
}

/**
 * Errors carry the function's name. The text is generated, by nothing but the number of arguments, so that each call has a
 * wrapper with a profile of its own: one closure for all would make the engine forget which function is behind it.
 */
function named(name: string, call: Callable, arity: number): Callable {
  const args = Array.from({ length: arity }, (_, index) => `a${index}`).join(', ')
  const body = `try { return call(${args}) } catch (cause) { throw failure(name, cause) }`
  const text = `'use strict'\nreturn function (${args}) { ${body} }`
  return new FunctionConstructor('name', 'call', 'failure', text)(name, call, failure)
}

function failure(name: string, cause: unknown): RowError {
  const code = cause instanceof RowError ? cause.code : 'wrong-argument'
  const message = cause instanceof Error ? cause.message : String(cause)
  return new RowError(code, `call func ${name} error: ${message}`, { cause })
}
