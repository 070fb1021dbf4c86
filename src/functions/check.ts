import type { DataType } from '#src/plan/types.ts'
import type { FunctionDeclaration, KnownArgument, Parameter } from './declaration.ts'

/** @throws Error in the peer's words when the arguments do not fit; what the function checks itself comes last */
export function checkCall(declaration: FunctionDeclaration, args: readonly KnownArgument[]): void {
  checkArity(declaration.parameters, args.length)
  for (const [index, arg] of args.entries()) {
    const parameter = declaration.parameters[index] ?? declaration.parameters.at(-1)
    if (parameter !== undefined) checkType(parameter, arg, index + 1)
  }
  declaration.check?.(args)
}

function checkArity(parameters: readonly Parameter[], found: number): void {
  const least = parameters.filter(({ optional }) => optional !== true).length
  const isOpen = parameters.at(-1)?.rest === true
  if (isOpen) {
    if (found < least) throw new Error(`At least has ${least} argument but found ${found}.`)
    return
  }
  if (found >= least && found <= parameters.length) return
  const expected = least === parameters.length ? `${least}` : `${least} to ${parameters.length}`
  throw new Error(`Expect ${expected} arguments but found ${found}.`)
}

function checkType({ types }: Parameter, arg: KnownArgument, position: number): void {
  if (types === undefined || fits(types, arg)) return
  throw new Error(`Expect ${wording(types)} type for parameter ${position}`)
}

function fits(types: readonly DataType['type'][], { dataType, literal }: KnownArgument): boolean {
  const { type } = dataType
  if (type === 'any' || types.includes(type)) return true
  if (literal !== undefined && literal !== null) return type === 'bigint' && types.includes('float')
  // A column may be converted for each row: numbers into each other, every scalar into text.
  if (isNumber(type)) return types.some(isNumber) || types.includes('string')
  return types.includes('string') && isScalar(type)
}

function isNumber(type: DataType['type']): boolean {
  return type === 'bigint' || type === 'float'
}

function isScalar(type: DataType['type']): boolean {
  return type === 'boolean' || type === 'datetime' || type === 'bytea' || type === 'string'
}

const peerNames: Readonly<Record<DataType['type'], string>> = {
  bigint: 'int',
  float: 'float',
  string: 'string',
  boolean: 'bool',
  datetime: 'datetime',
  bytea: 'bytea',
  array: 'array',
  struct: 'struct',
  any: 'any',
}

function wording(types: readonly DataType['type'][]): string {
  if (types.includes('datetime')) return 'datetime'
  if (types.length === 2 && types.every(isNumber)) return 'number - float or int'
  return types.map((type) => peerNames[type]).join(' or ')
}
