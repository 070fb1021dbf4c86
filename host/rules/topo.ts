import type { Plan, PlanNode } from '#src/plan/plan.ts'

/** Kuiper's topology: which operator hands rows to which. */
export interface Topo {
  readonly sources: readonly string[]
  readonly edges: Readonly<Record<string, readonly string[]>>
}

export function topoOf(plan: Plan): Topo {
  const sources = plan.sources.map(({ stream }) => `source_${stream}`)
  const decoders = plan.sources.map((_, i) => `op_${i + 2}_decoder`)
  const first = decoders.length + 2
  const chain = chainOf(plan.root).map((node, i) => `op_${first + i}_${node.type}`)
  const transforms = plan.actions.map(({ type, index }) => `op_${type}_${index}_0_transform`)
  const edges = new Map<string, readonly string[]>()
  for (const [i, source] of sources.entries()) edges.set(source, decoders.slice(i, i + 1))
  for (const decoder of decoders)
    edges.set(decoder, chain.length > 0 ? chain.slice(0, 1) : transforms)
  for (const [i, name] of chain.entries()) {
    edges.set(name, i + 1 < chain.length ? chain.slice(i + 1, i + 2) : transforms)
  }
  for (const { type, index } of plan.actions) {
    // the fields that an action takes of a result, then its format
    edges.set(`op_${type}_${index}_0_transform`, [`op_${type}_${index}_1_encode`])
    edges.set(`op_${type}_${index}_1_encode`, [`sink_${type}_${index}`])
  }
  return { sources, edges: Object.fromEntries(edges) }
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
