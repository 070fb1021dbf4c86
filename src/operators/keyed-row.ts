import { FunctionConstructor } from '#src/expressions/captured.ts'
import { literalKey } from '#src/own-property.ts'
import type { Row } from './operator.ts'

/*
 * Rows behind a merge: `{ [source]: row | null }`, with all sources of the statement in it, so that they all have one
 * hidden class. Made by generated code; names get into it as JSON literals only.
 */

/** Makes the keyed row of a row of source `own`. */
export function keyer(names: readonly string[], own: string): (row: Row) => Row {
  const fields = names.map((name) => `${literalKey(name)}: ${name === own ? 'row' : 'null'}`)
  return new FunctionConstructor(`return (row) => ({ ${fields.join(', ')} })`)()
}

/**
 * Makes one keyed row of what `left` has, and of source `right` from another; of window bounds and other hidden columns
 * those of `left`.
 */
export function pairer(
  names: readonly string[],
  right: string,
  hidden: readonly string[],
): (left: Row, right: Row) => Row {
  const fields = names.map(
    (name) => `${literalKey(name)}: ${name === right ? 'b' : 'a'}[${text(name)}]`,
  )
  const bounds = hidden.map((name) => `${literalKey(name)}: a[${text(name)}]`)
  return new FunctionConstructor(`return (a, b) => ({ ${[...fields, ...bounds].join(', ')} })`)()
}

/** Tells the rows of an emission apart by their sources: one list per name, in that order. */
export function splitter(names: readonly string[]): (rows: readonly Row[]) => readonly Row[][] {
  const tests = names.map((name, i) => `if (row[${text(name)}] !== null) all[${i}].push(row)`)
  const body = `return (rows) => {
    const all = [${names.map(() => '[]').join(', ')}]
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]
      ${tests.join('\n      else ')}
    }
    return all
  }`
  return new FunctionConstructor(body)()
}

/** Writes what a pair holds into a row that is used again and again. */
export function pairWriter(
  names: readonly string[],
  right: string,
): (made: Row, left: Row, right: Row) => void {
  const fields = names.map(
    (name) => `made[${text(name)}] = ${name === right ? 'b' : 'a'}[${text(name)}]`,
  )
  return new FunctionConstructor(`return (made, a, b) => { ${fields.join('; ')} }`)()
}

/** Writes values of one row into the columns of another. */
export function rowFiller(
  columns: readonly string[],
  values: readonly ((row: Row) => unknown)[],
): (made: Row, row: Row) => void {
  const lines = columns.map((name, i) => `made[${text(name)}] = values[${i}](row)`)
  const plain = columns.map((name) => `made[${text(name)}] = row[${text(name)}]`)
  const isPlain = !columns.some((name) => name in Object.prototype)
  const body = `return (made, row) => { ${(isPlain ? plain : lines).join('; ')} }`
  return new FunctionConstructor('values', body)(values)
}

function text(name: string): string {
  return JSON.stringify(name)
}
