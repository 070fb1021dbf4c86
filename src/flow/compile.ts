import type { Expressions } from '#src/expressions/compile.ts'
import { Analytic, type AnalyticColumn } from '#src/operators/analytic.ts'
import { Compute } from '#src/operators/compute.ts'
import { Filter } from '#src/operators/filter.ts'
import type { NamedValue } from '#src/operators/group-columns.ts'
import { Limit } from '#src/operators/limit.ts'
import { Project } from '#src/operators/project.ts'
import { Sort, type SortKey } from '#src/operators/sort.ts'
import { canonicalAnalytic } from '#src/plan/canonical.ts'
import type { AnalyticCall } from '#src/plan/expression.ts'
import type { PlanNode, SortNode } from '#src/plan/plan.ts'
import type { Compilation } from './compilation.ts'
import { compileAggregate, compileWindow, slidingWithWhere } from './compile-aggregate.ts'
import { addColumns, callsPlugin, withPluginColumns } from './plugin-columns.ts'
import { recordMaker } from './record.ts'
import { compileScalar } from './scalar.ts'

/** Turns a node, after its inputs, into operators. Sources are left to the flow: they have no operator. */
export function compileNode(node: PlanNode, to: Compilation): void {
  const sliding = slidingWithWhere(node)
  if (sliding !== undefined) {
    compileNode(sliding.node.input, to)
    compileAggregate(withPluginColumns(sliding.node, to), to, sliding.where)
    to.isEmission = true
    return
  }
  if (node.type !== 'source') compileNode(node.input, to)
  const { expressions } = to
  switch (node.type) {
    case 'source':
      // The source stage cannot wait: a filter that may have to stands behind it.
      if (node.filter !== undefined && callsPlugin(node.filter)) {
        const predicate = expressions.compilePredicate(node.filter)
        to.addStage('filter', node.id, (row) => (predicate(row) ? row : undefined))
      }
      return
    case 'filter': {
      const predicate = expressions.compilePredicate(node.predicate)
      const kind = node.clause === 'having' ? 'having' : 'filter'
      if (callsPlugin(node.predicate)) {
        to.addStage(kind, node.id, (row) => (predicate(row) ? row : undefined))
        return
      }
      to.add(kind, (context) => new Filter(node.id, predicate, context))
      return
    }
    case 'analytic': {
      const { calls } = withPluginColumns(node, to)
      const columns = calls.map((call) => analyticColumn(call, expressions))
      to.add('analytic', (context) => new Analytic(node.id, columns, context))
      return
    }
    case 'compute': {
      const columns = node.columns.map(({ expression, as }): NamedValue => {
        return { value: expressions.compileValue(expression), as }
      })
      if (node.columns.some(({ expression }) => callsPlugin(expression))) {
        to.addStage('compute', node.id, addColumns(columns))
        return
      }
      to.add('compute', (context) => new Compute(node.id, columns, context))
      return
    }
    case 'window':
      compileWindow(withPluginColumns(node, to), to)
      to.isEmission = true
      return
    case 'aggregate':
      compileAggregate(withPluginColumns(node, to), to)
      to.isEmission ||= node.window !== undefined
      return
    case 'sort': {
      const keys = sortKeys(withPluginColumns(node, to), expressions)
      const options = { keys, perBatch: to.isEmission }
      to.add('order', (context) => new Sort(node.id, options, context))
      return
    }
    case 'limit': {
      const options = { count: node.count, perBatch: to.isEmission }
      to.add('limit', (context) => new Limit(node.id, options, context))
      return
    }
    case 'project': {
      const record = recordMaker(node.fields, expressions, to.hidden)
      if (node.fields.some((field) => field.type === 'value' && callsPlugin(field.expression))) {
        to.addStage('project', node.id, record)
        return
      }
      to.add('project', (context) => new Project(node.id, record, context))
      return
    }
    default:
      node satisfies never
  }
}

function analyticColumn(call: AnalyticCall, expressions: Expressions): AnalyticColumn {
  return {
    analyst: expressions.analyst(call),
    args: call.args.map((arg) => compileScalar(arg, expressions)),
    partition: call.partition.map((part) => compileScalar(part, expressions)),
    when: call.when && expressions.compilePredicate(call.when),
    as: call.as,
    name: canonicalAnalytic(call),
  }
}

function sortKeys({ keys }: SortNode, expressions: Expressions): SortKey[] {
  return keys.map(({ expression, descending }) => {
    return { value: compileScalar(expression, expressions), descending }
  })
}
