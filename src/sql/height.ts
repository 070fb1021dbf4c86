import type { Expression, Statement } from './ast.ts'
import { SqlError } from './errors.ts'
import { childrenOf, expressionsOf } from './tree.ts'

/** A tree may be so high: who walks it by recursion must not run out of stack. */
export const highestTree = 1000

export function checkStatementHeight(statement: Statement): void {
  if (statement.type === 'select') checkHeight(expressionsOf(statement))
}

/** Refuses a tree that is too high, such as a sum of 2000 terms. */
export function checkHeight(roots: readonly Expression[]): void {
  const pending: [Expression, number][] = roots.map((root) => [root, 1])
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [expression, height] = next
    if (height > highestTree) {
      throw new SqlError('too-deep', 'the expression is too long', expression.at, {
        hint: `at most ${highestTree} operators in a row`,
      })
    }
    for (const child of childrenOf(expression)) pending.push([child, height + 1])
  }
}
