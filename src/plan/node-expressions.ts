import type { AggregateCall, AnalyticCall, PlanExpression } from './expression.ts'
import type { JoinStep, PlanNode, WindowSpec } from './plan.ts'

type Change = (expression: PlanExpression) => PlanExpression

/** The same node with `change` applied to each of its own expressions, in the order of the flow; not to its input's. */
export function mapExpressions(node: PlanNode, change: Change): PlanNode {
  switch (node.type) {
    case 'source':
      return { ...node, filter: node.filter && change(node.filter) }
    case 'merge':
    case 'tables':
    case 'distinct':
      return node
    case 'join':
      return { ...node, steps: node.steps.map((step) => mapStep(step, change)) }
    case 'lookup':
      return {
        ...node,
        keys: node.keys.map((key) => ({ ...key, value: change(key.value) })),
        rest: node.rest && change(node.rest),
      }
    case 'filter':
      return { ...node, predicate: change(node.predicate) }
    case 'hit':
      return { ...node, predicate: node.predicate && change(node.predicate) }
    case 'analytic':
      return { ...node, calls: node.calls.map((call) => mapAnalytic(call, change)) }
    case 'compute':
      return { ...node, columns: node.columns.map((column) => mapNamed(column, change)) }
    case 'window':
      return {
        ...node,
        filter: node.filter && change(node.filter),
        spec: mapSpec(node.spec, change),
      }
    case 'aggregate':
      return {
        ...node,
        filter: node.filter && change(node.filter),
        window: node.window && mapSpec(node.window, change),
        keys: node.keys.map((key) => mapNamed(key, change)),
        calls: node.calls.map((call) => mapAggregate(call, change)),
        first: node.first.map((first) => mapNamed(first, change)),
      }
    case 'rank':
      return {
        ...node,
        calls: node.calls.map((call) => ({
          ...call,
          partition: call.partition.map(change),
          order: call.order.map((key) => mapNamed(key, change)),
        })),
      }
    case 'dedup-trigger':
      return {
        ...node,
        start: change(node.start),
        end: change(node.end),
        now: change(node.now),
      }
    case 'unnest':
      return { ...node, expression: change(node.expression) }
    case 'sort':
      return { ...node, keys: node.keys.map((key) => mapNamed(key, change)) }
    case 'limit':
      return node
    case 'project':
      return {
        ...node,
        fields: node.fields.map((field) =>
          field.type === 'star' ? field : mapNamed(field, change),
        ),
      }
    default:
      return node satisfies never
  }
}

function mapStep(step: JoinStep, change: Change): JoinStep {
  return {
    ...step,
    keys: step.keys.map(({ left, right }) => ({ left: change(left), right: change(right) })),
    rest: step.rest && change(step.rest),
  }
}

function mapNamed<T extends { readonly expression: PlanExpression }>(named: T, change: Change): T {
  return { ...named, expression: change(named.expression) }
}

function mapAggregate(call: AggregateCall, change: Change): AggregateCall {
  return { ...call, args: call.args.map(change), filter: call.filter && change(call.filter) }
}

function mapAnalytic(call: AnalyticCall, change: Change): AnalyticCall {
  return {
    ...call,
    args: call.args.map(change),
    partition: call.partition.map(change),
    when: call.when && change(call.when),
    order: call.order.map((key) => mapNamed(key, change)),
  }
}

function mapSpec(spec: WindowSpec, change: Change): WindowSpec {
  switch (spec.window) {
    case 'tumbling':
    case 'hopping':
    case 'count':
      return spec
    case 'sliding':
      return { ...spec, when: spec.when && change(spec.when) }
    case 'session':
      return { ...spec, partition: spec.partition.map(change) }
    case 'state':
      return {
        ...spec,
        begin: change(spec.begin),
        emit: spec.emit && change(spec.emit),
        partition: spec.partition.map(change),
      }
    default:
      return spec satisfies never
  }
}
