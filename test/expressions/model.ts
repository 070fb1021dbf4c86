import type { PlanExpression } from '#src/plan/expression.ts'

/** What a row error is to the model: its text is the operators' affair. */
export class ModelError extends Error {}

/** Evaluates an expression by walking it: slow, short, and the meaning of what the compiler makes fast. */
export function model(expression: PlanExpression, row: Readonly<Record<string, unknown>>): unknown {
  const value = (part: PlanExpression) => model(part, row)
  switch (expression.type) {
    case 'literal':
      return expression.value
    case 'column':
      return row[expression.name] ?? null
    case 'not':
      return not(value(expression.operand))
    case 'negate':
      return arithmetic('-', 0, value(expression.operand), isInt(expression.operand))
    case 'is-null':
      return (value(expression.operand) === null) !== expression.not
    case 'between': {
      const [operand, low, high] = [expression.operand, expression.low, expression.high].map(value)
      const verdict = both(compare('>=', operand, low), compare('<=', operand, high), false)
      return expression.not ? not(verdict) : verdict
    }
    case 'in': {
      const operand = value(expression.operand)
      const verdict = oneOf(operand, (expression.list ?? []).map(value))
      return expression.not ? not(verdict) : verdict
    }
    case 'case': {
      for (const { condition, result } of expression.whens) {
        if (logical(value(condition)) === true) return value(result)
      }
      return expression.otherwise === undefined ? null : value(expression.otherwise)
    }
    case 'binary': {
      const { operator, left, right } = expression
      if (operator === 'AND' || operator === 'OR') {
        const decisive = operator === 'OR'
        const first = value(left)
        if (first === decisive) return decisive
        return both(logical(first), logical(value(right)), decisive)
      }
      const [a, b] = [value(left), value(right)]
      if (['=', '!=', '<', '<=', '>', '>='].includes(operator)) return compare(operator, a, b)
      return arithmetic(operator, a, b, isInt(left) && isInt(right))
    }
    default:
      throw new Error(`the model does not know ${expression.type}`)
  }
}

function isInt({ dataType }: PlanExpression): boolean {
  return dataType.type === 'bigint'
}

function logical(value: unknown): boolean | null {
  if (value === null || typeof value === 'boolean') return value
  throw new ModelError('no condition')
}

function not(value: unknown): boolean | null {
  const condition = logical(value)
  return condition === null ? null : !condition
}

function both(a: boolean | null, b: boolean | null, decisive: boolean): boolean | null {
  if (a === decisive || b === decisive) return decisive
  return a === null || b === null ? null : !decisive
}

function oneOf(value: unknown, list: readonly unknown[]): boolean | null {
  if (value === null) return null
  let isUnknown = false
  for (const element of list) {
    const verdict = compare('=', value, element)
    if (verdict === true) return true
    if (verdict === null) isUnknown = true
  }
  return isUnknown ? null : false
}

function compare(operator: string, a: unknown, b: unknown): boolean | null {
  if (a === null || b === null) return null
  const kinds = [a, b].map((value) => (typeof value === 'bigint' ? 'number' : typeof value))
  const isEquality = operator === '=' || operator === '!='
  if (kinds[0] !== kinds[1] || (kinds[0] === 'boolean' && !isEquality))
    throw new ModelError('unlike')
  const [x, y] = [a as number, b as number] // of one comparable kind
  const order = x < y ? -1 : x > y ? 1 : 0
  const verdicts: Record<string, boolean> = {
    '=': order === 0,
    '!=': order !== 0,
    '<': order < 0,
    '<=': order <= 0,
    '>': order > 0,
    '>=': order >= 0,
  }
  return verdicts[operator] ?? null
}

function arithmetic(operator: string, a: unknown, b: unknown, isWhole: boolean): unknown {
  if (a === null || b === null) return null
  if (!isNumeric(a) || !isNumeric(b)) throw new ModelError('no number')
  if ((operator === '/' || operator === '%') && Number(b) === 0) throw new ModelError('zero')
  if (!isWhole && '&|^'.includes(operator)) throw new ModelError('no bits')
  if (!isWhole) return onFloats(operator, Number(a), Number(b))
  const result = onInts(operator, BigInt(a), BigInt(b))
  if (BigInt.asIntN(64, result) !== result) throw new ModelError('overflow')
  return Number.isSafeInteger(Number(result)) ? Number(result) : result
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function onFloats(operator: string, a: number, b: number): number {
  if (operator === '+') return a + b
  if (operator === '-') return a - b
  if (operator === '*') return a * b
  return operator === '/' ? a / b : a % b
}

function onInts(operator: string, a: bigint, b: bigint): bigint {
  if (operator === '+') return a + b
  if (operator === '-') return a - b
  if (operator === '*') return a * b
  if (operator === '/') return a / b
  if (operator === '%') return a % b
  if (operator === '&') return a & b
  return operator === '|' ? a | b : a ^ b
}
