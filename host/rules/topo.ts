import type { Plan, PlanNode } from '#src/plan/plan.ts'

/**
 * Kuiper's topology: which operator hands rows to which. Names are those of the status, without the instance; but for the two
 * steps of each action, which the status counts with its sink.
 */
export interface Topo {
  readonly sources: readonly string[]
  readonly edges: Readonly<Record<string, readonly string[]>>
}

/**
 * @param metrics of the rule's status: a rule that runs, or ran, has its operators there. The plan of one that never did
 * says what they will be, but for what is added where plugins are called.
 */
export function topoOf(plan: Plan, metrics: Readonly<Record<string, unknown>> = {}): Topo {
  const known = operatorsIn(metrics)
  const { heads, chain } = known.length > 0 ? partsOf(known) : plannedParts(plan)
  const actions = plan.actions.map(({ type, index }) => [
    `op_${type}_${index}_0_transform`,
    `op_${type}_${index}_1_encode`,
    `sink_${type}_${index}`,
  ])
  const sinks = actions.flatMap((steps) => steps.slice(0, 1))
  const read = plan.sources.filter(({ kind }) => kind !== 'lookup')
  const edges = new Map<string, readonly string[]>()
  const join = (names: readonly string[], behind = sinks) => {
    for (const [i, name] of names.entries()) {
      edges.set(name, i + 1 < names.length ? names.slice(i + 1, i + 2) : behind)
    }
  }
  for (const [i, { stream }] of read.entries()) {
    join([`source_${stream}`, ...(heads[i] ?? []), ...chain.slice(0, 1)])
  }
  join(chain)
  for (const steps of actions) join(steps.slice(0, -1), steps.slice(-1))
  return {
    sources: read.map(({ stream }) => `source_${stream}`),
    edges: Object.fromEntries(edges),
  }
}

interface Parts {
  /** By source: what its rows pass before they meet others. */
  readonly heads: readonly (readonly string[])[]
  readonly chain: readonly string[]
}

/** `op_2_decoder`, in the order in which they were made, which is that of the rows. */
function operatorsIn(metrics: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(metrics).flatMap((key) => {
    const found = /^(op_\d+_\w+)_0_records_in_total$/.exec(key)
    return found?.[1] === undefined ? [] : [found[1]]
  })
}

/** A decoder begins the head of the next source; a filter right behind it is its own. */
function partsOf(names: readonly string[]): Parts {
  const heads: string[][] = []
  const chain: string[] = []
  const last = names.findLastIndex((name) => name.endsWith('_decoder'))
  for (const [i, name] of names.entries()) {
    if (name.endsWith('_decoder')) heads.push([name])
    else if (i < last || (i === last + 1 && heads.length > 1 && name.endsWith('_filter'))) {
      heads.at(-1)?.push(name)
    } else chain.push(name)
  }
  return { heads, chain }
}

function plannedParts(plan: Plan): Parts {
  const decoders = plan.sources.filter(({ kind }) => kind !== 'lookup')
  const heads = decoders.map((_, i) => [`op_${i + 2}_decoder`])
  const first = decoders.length + 2
  return { heads, chain: chainOf(plan.root).map((node, i) => `op_${first + i}_${kindOf(node)}`) }
}

/** As the status names it. */
function kindOf(node: PlanNode): string {
  return node.type === 'filter' && node.clause === 'having' ? 'having' : node.type
}

/** The operators between decoders and sinks, in the order of the rows: one line, behind what merges several sources. */
function chainOf(root: PlanNode): PlanNode[] {
  const chain: PlanNode[] = []
  let node = root
  while ('input' in node) {
    chain.unshift(node)
    node = node.input
  }
  return node.type === 'source' ? chain : [node, ...chain]
}

/** Kuiper's schema of a rule's output. `{}`: only the rows know. */
export function outputSchema({ output }: Plan): Record<string, unknown> {
  return Object.fromEntries(
    (output ?? []).map(({ name, dataType }, index) => [
      name,
      { hasIndex: true, index, type: dataType.type },
    ]),
  )
}
