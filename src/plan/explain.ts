import type { Computed } from './derived.ts'
import type { JoinStep, Plan, PlanNode, ProjectField, SourcePlan } from './plan.ts'
import { aggregateText, analyticText, expressionText, windowText } from './plan-text.ts'

interface Line {
  /** The peer's name of the node. */
  readonly op: string
  readonly info: string
  /** Ours: the operator in status and checkpoints. */
  readonly id: string
  /** Further in than the line before it; the sources of a join stand side by side. */
  readonly beside?: boolean | undefined
}

/** The plan as the peer shows it: a line of JSON per node, the last first, each input one tab deeper. */
export function explain(plan: Plan): string {
  let depth = -1
  return linesOf(plan.root, plan)
    .map(({ op, beside, ...details }, i) => {
      if (beside !== true) depth++
      return `${'\t'.repeat(depth)}${JSON.stringify({ op: `${op}_${i}`, ...details })}`
    })
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
  if (node.type === 'merge') {
    const inputs = node.inputs.flatMap((input, i) =>
      linesOf(input, plan).map((line) => ({ ...line, beside: i > 0 })),
    )
    return [{ op: 'MergePlan', info: list('Sources', node.names), id: node.id }, ...inputs]
  }
  const stream = plan.sources[0]?.name ?? ''
  return [...ownLines(node, stream), ...linesOf(node.input, plan)]
}

function ownLines(
  node: Exclude<PlanNode, { type: 'source' | 'merge' }>,
  stream: string,
): readonly Line[] {
  const { id } = node
  const named = ({ expression, as }: Computed) => `${expressionText(expression, stream)} AS ${as}`
  switch (node.type) {
    case 'filter': {
      const op = node.clause === 'having' ? 'HavingPlan' : 'FilterPlan'
      return [{ op, info: `Condition:{ ${expressionText(node.predicate, stream)} }`, id }]
    }
    case 'hit': {
      const op = node.clause === 'having' ? 'HavingPlan' : 'FilterPlan'
      const condition = node.predicate && expressionText(node.predicate, stream)
      return [{ op, info: `Condition:{ ${condition ?? 'true'} }, counted`, id }]
    }
    case 'tables': {
      const tables = node.tables.map(({ name, retain }) => `${name} RETAIN_SIZE ${retain}`)
      return [{ op: 'JoinAlignPlan', info: list('Tables', tables), id }]
    }
    case 'join':
      return [{ op: 'JoinPlan', info: list('Joins', node.steps.map(stepText(stream))), id }]
    case 'lookup': {
      const keys = node.keys.map(
        ({ column, value }) => `${node.name}.${column} = ${expressionText(value, stream)}`,
      )
      const rest = node.rest === undefined ? [] : [expressionText(node.rest, stream)]
      const info = `${node.join.toUpperCase()} ${node.name} ON ${[...keys, ...rest].join(' AND ')}`
      return [{ op: 'LookupPlan', info: `Lookup:{ ${info} }`, id }]
    }
    case 'rank':
      return [
        {
          op: 'WindowFuncPlan',
          info: list(
            'Funcs',
            node.calls.map(({ as }) => as),
          ),
          id,
        },
      ]
    case 'unnest': {
      const info = `unnest(${expressionText(node.expression, stream)})`
      return [{ op: 'ProjectSetPlan', info, id }]
    }
    case 'dedup-trigger': {
      const parts = [node.start, node.end, node.now].map((part) => expressionText(part, stream))
      return [
        { op: 'DedupTriggerPlan', info: `Range:{ ${parts.join(', ')}, ${node.expireMs} }`, id },
      ]
    }
    case 'distinct':
      return [{ op: 'DistinctPlan', info: '', id }]
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

function stepText(stream: string): (step: JoinStep) => string {
  return ({ join, source, keys, rest }) => {
    const conditions = keys.map(
      ({ left, right }) => `${expressionText(left, stream)} = ${expressionText(right, stream)}`,
    )
    if (rest !== undefined) conditions.push(expressionText(rest, stream))
    const on = conditions.length > 0 ? ` ON ${conditions.join(' AND ')}` : ''
    return `${join.toUpperCase()} ${source}${on}${keys.length > 0 ? `, ${keys.length} hashed` : ''}`
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
  if (field.type === 'spread') return `${text}.*`
  const isPlain = field.expression.type === 'column' && field.expression.name === field.name
  return isPlain ? text : `${text} AS ${field.name}`
}

function sourceText(source: SourcePlan | undefined): string {
  const columns = source?.columns ?? source?.schema?.map((column) => column.name)
  const fields = columns === undefined ? '*' : columns.join(', ')
  const payload = source?.payload
  const nested = payload === undefined ? '' : `, PayloadField: ${payload.field} (${payload.format})`
  return `StreamName: ${source?.stream ?? ''}, StreamFields:[ ${fields} ]${nested}`
}

function list(name: string, texts: readonly string[]): string {
  return `${name}:[ ${texts.join(', ')} ]`
}
