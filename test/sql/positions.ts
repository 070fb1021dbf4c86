/** A tree without the places in the text, to compare what two texts mean. */
export function withoutPositions(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(withoutPositions)
  if (typeof tree !== 'object' || tree === null) return tree
  const entries = Object.entries(tree).filter(([key]) => key !== 'at')
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutPositions(value)]))
}
