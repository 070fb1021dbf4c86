import type { Plan, PlanNode } from '#src/plan/plan.ts'

/** Kuiper's topology: which operator hands rows to which. */
export interface Topo {
  readonly sources: readonly string[]
  readonly edges: Readonly<Record<string, readonly string[]>>
}

export function topoOf(plan: Plan): Topo {
  const chain = chainOf(plan.root)
  const source = plan.sources[0]
  const first = `source_${source?.stream ?? ''}`
  const names = [first, 'op_2_decoder', ...chain.map((node, i) => `op_${i + 3}_${node.type}`)]
  const last = names.at(-1) ?? first
  const edges: Record<string, readonly string[]> = {}
  for (const [i, name] of names.entries()) {
    const next = names[i + 1]
    if (next !== undefined) edges[name] = [next]
  }
  edges[last] = plan.actions.map(({ type, index }) => `op_${type}_${index}_0_transform`)
  for (const { type, index } of plan.actions) {
    // the fields that an action takes of a result, then its format
    edges[`op_${type}_${index}_0_transform`] = [`op_${type}_${index}_1_encode`]
    edges[`op_${type}_${index}_1_encode`] = [`sink_${type}_${index}`]
  }
  return { sources: plan.sources.map(({ stream }) => `source_${stream}`), edges }
}

/** The operators between decoder and sinks, in the order of the rows. */
function chainOf(root: PlanNode): Exclude<PlanNode, { type: 'source' }>[] {
  const chain: Exclude<PlanNode, { type: 'source' }>[] = []
  let node = root
  while (node.type !== 'source') {
    chain.unshift(node)
    node = node.input
  }
  return chain
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
