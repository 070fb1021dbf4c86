/** What a rule reads and writes of memory topics. */
export interface TopicUse {
  readonly rule: string
  /** Filters of its streams: with wildcards. */
  readonly reads: readonly string[]
  readonly writes: readonly string[]
}

/** A rule writes a topic that the next one reads by a filter. */
export interface Hop {
  readonly rule: string
  readonly topic: string
  readonly filter: string
  readonly reader: string
}

/**
 * The shortest way on which what a rule writes comes back to it.
 *
 * @param matches whether a filter takes a topic
 */
export function findCycle(
  start: TopicUse,
  others: readonly TopicUse[],
  matches: (filter: string, topic: string) => boolean,
): readonly Hop[] | undefined {
  const all = [start, ...others]
  const seen = new Set<string>()
  let ways: { readonly at: TopicUse; readonly hops: readonly Hop[] }[] = [{ at: start, hops: [] }]
  while (ways.length > 0) {
    const next: typeof ways = []
    for (const { at, hops } of ways) {
      for (const reader of all) {
        if (seen.has(reader.rule)) continue
        const hop = hopBetween(at, reader, matches)
        if (hop === undefined) continue
        if (reader === start) return [...hops, hop]
        seen.add(reader.rule)
        next.push({ at: reader, hops: [...hops, hop] })
      }
    }
    ways = next
  }
  return undefined
}

function hopBetween(
  writer: TopicUse,
  reader: TopicUse,
  matches: (filter: string, topic: string) => boolean,
): Hop | undefined {
  for (const topic of writer.writes) {
    const filter = reader.reads.find((each) => matches(each, topic))
    if (filter !== undefined) return { rule: writer.rule, topic, filter, reader: reader.rule }
  }
  return undefined
}

/** `a writes t/1, which b reads as t/+; b writes u, which a reads`. */
export function cycleText(hops: readonly Hop[]): string {
  return hops
    .map(({ rule, topic, filter, reader }) => {
      const as = filter === topic ? '' : ` as "${filter}"`
      return `${rule} writes "${topic}", which ${reader} reads${as}`
    })
    .join('; ')
}
