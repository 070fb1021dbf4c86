import type { Aggregator } from '#src/functions/declaration.ts'
import { structuralKey } from './structural-key.ts'

interface Seen {
  readonly seen: Set<unknown>
  inner: unknown
}

/** `f(DISTINCT x)`: an aggregate that is given each different value once, compared structurally. */
export function distinct(aggregator: Aggregator<unknown>): Aggregator<unknown> {
  return {
    init: (): Seen => ({ seen: new Set(), inner: aggregator.init() }),
    add(accumulator, ...args) {
      const state = accumulator as Seen // made by init
      const key = args.length === 1 ? structuralKey(args[0]) : structuralKey(args)
      if (state.seen.has(key)) return state
      state.seen.add(key)
      state.inner = aggregator.add(state.inner, ...args)
      return state
    },
    result: (accumulator) => aggregator.result((accumulator as Seen).inner),
  }
}
