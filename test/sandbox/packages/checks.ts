import formats from './checks/formats.js'
import logic from './checks/logic.js'
import network from './checks/network.js'
import type { Check } from './run.ts'

/** Everything that the compatibility table lists, by the kind of package. */
export const checks: readonly Check[] = [...formats, ...logic, ...network].toSorted(
  (one, other) => one.kind.localeCompare(other.kind) || one.name.localeCompare(other.name),
)
