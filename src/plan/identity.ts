import { canonical, canonicalAggregate, canonicalAnalytic } from './canonical.ts'
import type { PlanExpression } from './expression.ts'
import { mapExpressions } from './node-expressions.ts'
import type { OperatorId, PlanNode, SourceNode, SourcePlan, WindowSpec } from './plan.ts'

/**
 * Gives every node its id: kind, normalized expressions, and everything before it. So a change of one clause keeps the
 * ids of all nodes before it, and their state finds them again. The id of a source does not change with the filter that
 * was pushed into it, but the ids of all behind it do.
 */
export function identify(root: PlanNode, sources: readonly SourcePlan[]): PlanNode {
  return place(root, sources, new Set()).node
}

/** A node with its id, and the text that stands for it and all before it in the ids behind it. */
interface Placed {
  readonly node: PlanNode
  readonly key: string
}

function place(node: PlanNode, sources: readonly SourcePlan[], taken: Set<string>): Placed {
  if (node.type === 'source') {
    const source = sources[node.source]
    const id = free(node.type, hash64(`${source?.kind} ${source?.stream} ${source?.name}`), taken)
    const filter = node.filter === undefined ? '' : canonical(node.filter)
    return { node: { ...node, id }, key: `${id} ${filter}` }
  }
  if (node.type === 'merge') {
    const placed = node.inputs.map((input) => place(input, sources, taken))
    const key = placed.map((input) => input.key).join(' | ')
    const id = free(node.type, hash64(`${node.type} ${describe(node)} < ${key}`), taken)
    const inputs = placed.map((input) => input.node as SourceNode) // `place` keeps the type of a node
    return { node: { ...node, id, inputs }, key: id }
  }
  const input = place(node.input, sources, taken)
  const id = free(node.type, hash64(`${node.type} ${describe(node)} < ${input.key}`), taken)
  return { node: { ...node, id, input: input.node }, key: id }
}

function free(kind: string, hash: string, taken: Set<string>): OperatorId {
  const base = `${kind}-${hash}`
  let id = base
  for (let i = 2; taken.has(id); i++) id = `${base}-${i}`
  taken.add(id)
  return id as OperatorId // this is where operator ids are made
}

/** All that makes a node what it is, but its input. */
function describe(node: PlanNode): string {
  switch (node.type) {
    case 'merge':
      return JSON.stringify(node.names)
    case 'tables':
      return JSON.stringify(node.tables)
    case 'join': {
      const steps = node.steps.map(
        ({ join, source, table, keys, rest }) =>
          `${join} ${JSON.stringify(source)} ${table} ${keys.length} ${rest !== undefined}`,
      )
      return `${JSON.stringify(node.first)} ${steps.join(' ')} ${texts(node)}`
    }
    case 'lookup': {
      const columns = JSON.stringify(node.keys.map(({ column }) => column))
      return `${node.join} ${JSON.stringify(node.name)} ${columns} ${texts(node)}`
    }
    case 'hit':
      return `${node.clause} ${texts(node)}`
    case 'distinct':
      return node.stream === true ? 'stream' : ''
    case 'dedup-trigger':
      return `${node.as} ${node.expireMs} ${texts(node)}`
    case 'unnest':
      return `${node.as} ${texts(node)}`
    case 'rank': {
      const calls = node.calls.map(
        ({ partition, order, as }) =>
          `${as} ${partition.length} ${order.map((key) => key.descending).join(' ')}`,
      )
      return `${calls.join(' ')} ${texts(node)}`
    }
    case 'source':
    case 'filter':
    case 'compute':
    case 'sort':
      return `${descriptionOf(node)} ${texts(node)}`
    case 'analytic':
      return node.calls.map((call) => `${call.as}=${canonicalAnalytic(call)}`).join(' ')
    case 'window':
      return `${specText(node.spec)} ${texts(node)}`
    case 'aggregate': {
      const calls = node.calls.map((call) => `${call.as}=${canonicalAggregate(call)}`).join(' ')
      const spec = node.window === undefined ? '' : specText(node.window)
      return `${spec} ${node.perRow ?? false} ${node.keepFirst ?? false} ${calls} ${texts(node)}`
    }
    case 'limit':
      return String(node.count)
    case 'project': {
      const fields = node.fields.map((field) =>
        field.type === 'star'
          ? `* ${field.stream ?? ''} ${JSON.stringify(field.except)}`
          : `${field.type === 'spread' ? `...${field.strict ?? ''}` : ''}${JSON.stringify(field.name)}`,
      )
      return `${fields.join(' ')} ${texts(node)}`
    }
    default:
      return node satisfies never
  }
}

function descriptionOf(node: PlanNode): string {
  if (node.type === 'filter') return node.clause
  if (node.type === 'sort') return node.keys.map((key) => key.descending).join(' ')
  return node.type === 'compute' ? node.columns.map(({ as }) => as).join(' ') : ''
}

/** All expressions of a node, each with its place. */
function texts(node: PlanNode): string {
  const found: string[] = []
  mapExpressions(node, (expression) => {
    found.push(canonical(expression))
    return expression
  })
  return found.join(' ')
}

/** Without expressions: those are in `texts`. */
function specText(spec: WindowSpec): string {
  const plain = Object.entries(spec).map(([key, value]) =>
    typeof value === 'number' || typeof value === 'string'
      ? `${key}:${value}`
      : present(key, value),
  )
  return plain.sort().join(' ')
}

function present(
  key: string,
  value: PlanExpression | readonly PlanExpression[] | undefined,
): string {
  return `${key}:${Array.isArray(value) ? value.length : value !== undefined}`
}

/** FNV-1a twice with different starts: 64 bits in pure JavaScript. */
export function hash64(text: string): string {
  let [a, b] = [0x811c9dc5, 0x1000193]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code ^ (a >>> 15), 0x85ebca6b)
  }
  return [a, b].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('')
}
