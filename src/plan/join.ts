import type { FromItem, Select } from '#src/sql/ast.ts'
import { SqlError } from '#src/sql/errors.ts'
import type { StreamDefinition } from './definitions.ts'

/** The one place that says which sources a statement cannot have yet. @throws SqlError */
export function refuseJoins(select: Select): void {
  const [join] = select.joins
  if (join === undefined) return
  throw new SqlError('not-supported', 'joins are not supported yet', join.at, {
    hint: 'read one stream per rule',
  })
}

/** @throws SqlError for a table that has no rows of its own to give */
export function refuseLookup(definition: StreamDefinition, from: FromItem): void {
  if (definition.options.tableKind !== 'lookup') return
  throw new SqlError('not-supported', `lookup table ${from.name} in FROM`, from.at, {
    hint: 'a lookup table is joined to a stream, and joins are not supported yet',
  })
}
