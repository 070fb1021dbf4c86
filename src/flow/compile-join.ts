import { EngineError } from '#src/errors.ts'
import { Join } from '#src/operators/join.ts'
import type { TableRows } from '#src/operators/tables.ts'
import { boundColumns } from '#src/operators/window/bounds.ts'
import type { JoinNode, LookupNode } from '#src/plan/plan.ts'
import type { Compilation } from './compilation.ts'
import { compileScalar } from './scalar.ts'

export function compileJoin(node: JoinNode, to: Compilation): void {
  const { expressions } = to
  const { names = [node.first] } = to
  const steps = node.steps.map(({ join, source, table, keys, rest }) => ({
    join,
    source,
    table: table ? tableOf(source, to) : undefined,
    left: keys.map((key) => compileScalar(key.left, expressions)),
    right: keys.map((key) => compileScalar(key.right, expressions)),
    rest: rest && expressions.compilePredicate(rest),
  }))
  const options = {
    first: node.first,
    table: to.tables?.table(node.first),
    steps,
    names,
    hidden: boundColumns(to.hidden),
    perBatch: to.isEmission,
  }
  to.add('join', (context) => new Join(node.id, options, context))
  to.isEmission = true
}

export function compileLookup(node: LookupNode, to: Compilation): void {
  throw new EngineError(
    'not-supported',
    `rule "${to.plan.ruleId}": lookup tables are not supported yet (operator ${node.id})`,
  )
}

function tableOf(name: string, to: Compilation): TableRows {
  const table = to.tables?.table(name)
  if (table !== undefined) return table
  throw new EngineError('bad-plan', `rule "${to.plan.ruleId}": there is no table ${name}`)
}
