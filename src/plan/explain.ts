import type { Computed } from './derived.ts'
import type { Plan, PlanNode, ProjectField, SourcePlan } from './plan.ts'
import { aggregateText, analyticText, expressionText, windowText } from './plan-text.ts'

interface Line {
  /** The peer's name of the node. */
  readonly op: string
  readonly info: string
  /** Ours: the operator in status and checkpoints. */
  readonly id: string
}

/** The plan as the peer shows it: a line of JSON per node, the last first, each input one tab deeper. */
export function explain(plan: Plan): string {
  return linesOf(plan.root, plan)
    .map(
      ({ op, ...details }, i) =>
        `${'\t'.repeat(i)}${JSON.stringify({ op: `${op}_${i}`, ...details })}`,
    )
    .join('\n')
}

/** From the sinks to the source; a node that does the work of two of the peer's has two lines. */
function linesOf(node: PlanNode, plan: Plan): readonly Line[] {
  if (node.type === 'source') {
    const source = plan.sources[node.source]
    const lines = [{ op: 'DataSourcePlan', info: sourceText(source), id: node.id }]
    if (node.filter === undefined) return lines
    const condition = expressionText(node.filter, source?.name ?? '')
    return [
      { op: 'FilterPlan', info: `Condition:{ ${condition} }, in the source`, id: node.id },
      ...lines,
    ]
  }
  const stream = plan.sources[0]?.name ?? ''
  return [...ownLines(node, stream), ...linesOf(node.input, plan)]
}

function ownLines(node: Exclude<PlanNode, { type: 'source' }>, stream: string): readonly Line[] {
  const { id } = node
  const named = ({ expression, as }: Computed) => `${expressionText(expression, stream)} AS ${as}`
  switch (node.type) {
    case 'filter': {
      const op = node.clause === 'having' ? 'HavingPlan' : 'FilterPlan'
      return [{ op, info: `Condition:{ ${expressionText(node.predicate, stream)} }`, id }]
    }
    case 'analytic': {
      const calls = node.calls.map((call) => analyticText(call, stream))
      return [{ op: 'AnalyticFuncsPlan', info: list('Funcs', calls), id }]
    }
    case 'compute':
      return [{ op: 'ComputePlan', info: list('Columns', node.columns.map(named)), id }]
    case 'window':
      return [windowLine(node.spec, node.filter, stream, id)]
    case 'aggregate': {
      const keys = node.keys.map((key) => expressionText(key.expression, stream))
      const calls = node.calls.map((call) => aggregateText(call, stream))
      const info = [
        `Dimension:{ ${keys.join(', ')} }`,
        list('Aggregates', calls),
        ...(node.first.length > 0 ? [list('First', node.first.map(named))] : []),
      ].join(', ')
      const line = { op: 'AggregatePlan', info, id }
      if (node.window === undefined) return [line]
      return [line, windowLine(node.window, node.filter, stream, id)]
    }
    case 'sort': {
      const keys = node.keys.map(
        (key) => `${expressionText(key.expression, stream)} ${key.descending ? 'DESC' : 'ASC'}`,
      )
      return [{ op: 'OrderPlan', info: list('SortFields', keys), id }]
    }
    case 'limit':
      return [{ op: 'LimitPlan', info: `Limit: ${node.count}`, id }]
    case 'project': {
      const fields = node.fields.map((field) => fieldText(field, stream))
      return [{ op: 'ProjectPlan', info: list('Fields', fields), id }]
    }
    default:
      return node satisfies never
  }
}

function windowLine(
  spec: Parameters<typeof windowText>[0],
  filter: Parameters<typeof expressionText>[0] | undefined,
  stream: string,
  id: string,
): Line {
  const kept = filter === undefined ? '' : `, Filter:{ ${expressionText(filter, stream)} }`
  return { op: 'WindowPlan', info: `${windowText(spec, stream)}${kept}`, id }
}

function fieldText(field: ProjectField, stream: string): string {
  if (field.type === 'star') {
    const star = `${field.stream ?? stream}.*`
    return field.except.length === 0 ? star : `${star} EXCEPT(${field.except.join(', ')})`
  }
  const text = expressionText(field.expression, stream)
  const isPlain = field.expression.type === 'column' && field.expression.name === field.name
  return isPlain ? text : `${text} AS ${field.name}`
}

function sourceText(source: SourcePlan | undefined): string {
  const columns = source?.columns ?? source?.schema?.map((column) => column.name)
  const fields = columns === undefined ? '*' : columns.join(', ')
  return `StreamName: ${source?.stream ?? ''}, StreamFields:[ ${fields} ]`
}

function list(name: string, texts: readonly string[]): string {
  return `${name}:[ ${texts.join(', ')} ]`
}
