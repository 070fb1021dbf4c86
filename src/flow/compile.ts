import type { Expressions } from '#src/expressions/compile.ts'
import { Analytic, type AnalyticColumn } from '#src/operators/analytic.ts'
import type { RecordMaker } from '#src/operators/compiled.ts'
import { computed } from '#src/operators/compute.ts'
import { DedupTrigger } from '#src/operators/dedup-trigger.ts'
import { DistinctRows } from '#src/operators/distinct-rows.ts'
import { DistinctStream } from '#src/operators/distinct-stream.ts'
import { Filter } from '#src/operators/filter.ts'
import type { NamedValue } from '#src/operators/group-columns.ts'
import { Hit } from '#src/operators/hit.ts'
import { rowFiller } from '#src/operators/keyed-row.ts'
import { Limit } from '#src/operators/limit.ts'
import type { Row } from '#src/operators/operator.ts'
import { Project } from '#src/operators/project.ts'
import { Rank } from '#src/operators/rank.ts'
import { Sort, type SortKey } from '#src/operators/sort.ts'
import { Tables } from '#src/operators/tables.ts'
import { Unnest } from '#src/operators/unnest.ts'
import { canonical, canonicalAnalytic } from '#src/plan/canonical.ts'
import type { AnalyticCall, Column, PlanExpression } from '#src/plan/expression.ts'
import type { PlanNode, SortNode } from '#src/plan/plan.ts'
import type { Compilation } from './compilation.ts'
import { compileAggregate, compileWindow, slidingWithWhere } from './compile-aggregate.ts'
import { compileJoin, compileLookup } from './compile-join.ts'
import { addColumns, mayWait, withPluginColumns } from './plugin-columns.ts'
import { recordMaker, rowCopier } from './record.ts'
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
  if (node.type !== 'source' && node.type !== 'merge') compileNode(node.input, to)
  const { expressions } = to
  switch (node.type) {
    case 'source':
      // The source stage cannot wait: a filter that may have to stands behind it.
      if (node.filter !== undefined && mayWait(node.filter)) {
        const predicate = expressions.compilePredicate(node.filter)
        to.addStage('filter', node.id, (row) => (predicate(row) ? row : undefined))
      }
      return
    case 'merge':
      return
    case 'tables':
      to.tables = to.add('tables', (context) => new Tables(node.id, node.tables, context))
      return
    case 'join':
      compileJoin(node, to)
      return
    case 'lookup':
      compileLookup(withPluginColumns(node, to), to)
      return
    case 'hit': {
      const { predicate, clause } = withPluginColumns(node, to)
      const perBatch = clause === 'having'
      const name = perBatch ? 'last_agg_hit' : 'last_hit'
      const options = {
        predicate: predicate && expressions.compilePredicate(predicate),
        columns: { count: `${name}_count()`, time: `${name}_time()` },
        perBatch,
      }
      to.hidden.push(options.columns.count, options.columns.time)
      to.add(perBatch ? 'having' : 'filter', (context) => new Hit(node.id, options, context))
      return
    }
    case 'rank': {
      const calls = withPluginColumns(node, to).calls.map((call) => ({
        as: call.as,
        partition: call.partition.map((part) => compileScalar(part, expressions)),
        order: sortKeys(call.order, expressions),
      }))
      const options = { calls, perBatch: to.isEmission }
      to.add('rank', (context) => new Rank(node.id, options, context))
      return
    }
    case 'dedup-trigger': {
      const { start, end, now, expireMs, as } = withPluginColumns(node, to)
      const named = (expression: PlanExpression, name: string) => ({
        value: compileScalar(expression, expressions),
        name: expression.type === 'column' ? expression.name : name,
      })
      const options = {
        start: named(start, 'start'),
        end: named(end, 'end'),
        now: named(now, 'now'),
        expireMs,
        as,
      }
      to.add('dedup_trigger', (context) => new DedupTrigger(node.id, options, context))
      return
    }
    case 'unnest': {
      const value = compileScalar(withPluginColumns(node, to).expression, expressions)
      const options = { value, as: node.as, perBatch: to.isEmission }
      to.add('unnest', (context) => new Unnest(node.id, options, context))
      return
    }
    case 'distinct':
      to.add('distinct', (context) =>
        node.stream === true
          ? new DistinctStream(node.id, context)
          : new DistinctRows(node.id, context),
      )
      return
    case 'filter': {
      const predicate = expressions.compilePredicate(node.predicate)
      const kind = node.clause === 'having' ? 'having' : 'filter'
      if (mayWait(node.predicate)) {
        to.addStage(kind, node.id, (row) => (predicate(row) ? row : undefined))
        return
      }
      const options = { predicate, perBatch: to.isEmission }
      to.add(kind, (context) => new Filter(node.id, options, context))
      return
    }
    case 'analytic': {
      const { calls } = withPluginColumns(node, to)
      const columns = calls.map((call) => analyticColumn(call, to))
      const { analyticExpiryMs = 0 } = to.plan.settings
      const options = {
        columns,
        expiryMs: analyticExpiryMs,
        copy: knownCopy(to),
        fill: knownFill(to),
        perBatch: to.isEmission,
      }
      to.add('analytic', (context) => new Analytic(node.id, options, context))
      return
    }
    case 'compute': {
      const columns = node.columns.map(({ expression, as }): NamedValue => {
        return { value: expressions.compileValue(expression), as }
      })
      if (node.columns.some(({ expression }) => mayWait(expression))) {
        to.addStage('compute', node.id, addColumns(columns))
        return
      }
      const options = { record: computed(columns, knownCopy(to)), perBatch: to.isEmission }
      to.add('compute', (context) => new Project(node.id, options, context))
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
      const keys = sortKeys(withPluginColumns(node, to).keys, expressions)
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
      if (node.fields.some((field) => field.type !== 'star' && mayWait(field.expression))) {
        to.addStage('project', node.id, record)
        return
      }
      const options = { record, perBatch: to.isEmission }
      to.add('project', (context) => new Project(node.id, options, context))
      return
    }
    default:
      node satisfies never
  }
}

/**
 * Copies rows of which the plan knows all columns, those to come too: all copies have one hidden class, and no column is
 * added to it. `undefined`: only the rows know their columns.
 */
function knownCopy(to: Compilation): RecordMaker | undefined {
  const columns = knownColumns(to)
  return columns && to.expressions.compileRecord(columns.map(asField))
}

/** The same, into a row that is there already. */
function knownFill(to: Compilation): ((made: Row, row: Row) => void) | undefined {
  const columns = knownColumns(to)
  if (columns === undefined || columns.includes('__proto__')) return undefined
  const values = columns.map((name) => to.expressions.compileValue(asField(name).expression))
  return rowFiller(columns, values)
}

function knownColumns({ names, plan, hidden }: Compilation): readonly string[] | undefined {
  const columns = names ?? plan.sources[0]?.columns
  return columns && [...new Set([...columns, ...hidden])]
}

function asField(name: string): { name: string; expression: Column } {
  return { name, expression: { type: 'column', name, dataType: { type: 'any' } } }
}

function analyticColumn(call: AnalyticCall, { expressions, hidden }: Compilation): AnalyticColumn {
  const args = call.args.map((arg) => compileScalar(arg, expressions))
  if (call.star !== undefined) args.push(rowCopier([...hidden, ...call.star.except]))
  return {
    analyst: expressions.analyst(call),
    args,
    partition: call.partition.map((part) => compileScalar(part, expressions)),
    when: call.when && expressions.compilePredicate(call.when),
    as: call.as,
    name: canonicalAnalytic(call),
    partitionName: call.partition.map(canonical).join(','),
  }
}

function sortKeys(keys: SortNode['keys'], expressions: Expressions): SortKey[] {
  return keys.map(({ expression, descending }) => {
    return { value: compileScalar(expression, expressions), descending }
  })
}
