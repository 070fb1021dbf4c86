import { isDistinct, lowerOperand } from './lower-operand.ts'
import { lowerOperator } from './lower-operator.ts'
import { Lowering } from './lowering.ts'
import type { Output } from './output.ts'
import type { Script } from './script.ts'

/**
 * Rewrites the SELECT between two tokens into one that the library's grammar accepts, token by token.
 * Operands and operators must alternate and brackets must match; the order of clauses is left to the library.
 */
export function lowerSelect(script: Script, from: number, to: number): Output {
  const lowering = new Lowering(script, from, to)
  lowering.emit('SELECT')
  lowering.index++
  if (isDistinct(script, lowering.index)) {
    lowering.emit('DISTINCT')
    lowering.index++
  }
  lowering.begin()
  lowerTokens(lowering)
  if (lowering.top.stage === 'select') throw lowering.unexpected()
  return lowering.out
}

/** Rewrites an expression that stands alone into a SELECT of it. */
export function lowerExpression(script: Script, from: number, to: number): Output {
  const lowering = new Lowering(script, from, to)
  lowering.emit('SELECT')
  lowering.begin('expression')
  lowerTokens(lowering)
  lowering.emit('FROM')
  lowering.emit('k0')
  return lowering.out
}

function lowerTokens(lowering: Lowering): void {
  while (!lowering.atEnd()) {
    if (lowering.wantsOperand) lowerOperand(lowering)
    else lowerOperator(lowering)
  }
  if (lowering.wantsOperand) throw lowering.unexpected('an expression')
  if (lowering.top.kind !== 'clauses') throw lowering.unexpected()
  lowering.finish()
}
