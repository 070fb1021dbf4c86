import type { Row } from '#src/operators/operator.ts'
import { setOwn } from '#src/own-property.ts'
import type { EncodeOptions } from '#src/plan/plan.ts'

const { hasOwn, keys } = Object

/**
 * The columns of a row that an action sends: `fields` in their order, null where the row has none, or all but those hidden
 * and those excluded. `undefined`: rows stay as they are.
 */
export function rowShape(
  { fields, excludeFields = [] }: Pick<EncodeOptions, 'fields' | 'excludeFields'>,
  hidden: readonly string[],
): ((row: Row) => Row) | undefined {
  if (fields !== undefined) {
    return (row) => made(fields, (name) => (hasOwn(row, name) ? (row[name] ?? null) : null))
  }
  const except = new Set([...hidden, ...excludeFields])
  if (except.size === 0) return undefined
  return (row) => {
    const names = keys(row)
    if (!names.some((name) => except.has(name))) return row
    return made(
      names.filter((name) => !except.has(name)),
      (name) => row[name],
    )
  }
}

function made(names: readonly string[], read: (name: string) => unknown): Row {
  const row: Row = {}
  for (const name of names) setOwn(row, name, read(name))
  return row
}

/** The rows that a payload of JSON has: an object, a list of them, or of lists of them as a batch is. */
export function jsonRows(payload: string): Row[] {
  const value: unknown = parsed(payload)
  const rows = Array.isArray(value) ? value.flat() : [value]
  for (const row of rows) {
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) continue
    throw new TypeError(`what dataTemplate or dataField makes is no row: ${payload.slice(0, 100)}`)
  }
  return rows as Row[]
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch {
    throw new TypeError(`what dataTemplate makes is no JSON: ${payload.slice(0, 100)}`)
  }
}
