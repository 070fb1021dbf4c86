import type * as ast from '#src/sql/ast.ts'
import { SqlError } from '#src/sql/errors.ts'
import type { StreamDefinition } from './definitions.ts'
import { sourceKind } from './keyed.ts'
import type { ScopedSource } from './scope.ts'
import { findSource, type SourceRules, type SourceSettings } from './source-plan.ts'

/** A source as it stands in FROM or JOIN, and what its configuration says. */
export interface FromSource {
  readonly source: ScopedSource
  readonly at: ast.Position
  readonly settings: SourceSettings
}

/** All sources of a statement, FROM first. @throws SqlError for what cannot stand there together */
export function findSources(
  select: ast.Select,
  rules: SourceRules,
  settingsOf: ((definition: StreamDefinition) => SourceSettings) | undefined,
): readonly FromSource[] {
  const items = [select.from, ...select.joins.map((join) => join.from)]
  const found = items.map((item): FromSource => {
    const definition = findSource(item, rules)
    const settings = settingsOf?.(definition) ?? {}
    const wholeIsBigint = settings.wholeIsBigint === true
    const hasPayloadField = settings.payload !== undefined
    const source = { name: item.as ?? item.name, definition, wholeIsBigint, hasPayloadField }
    return { source, at: item.at, settings }
  })
  checkNames(found)
  checkFrom(found)
  return found
}

function checkNames(found: readonly FromSource[]): void {
  const names = new Set<string>()
  for (const { source, at } of found) {
    if (names.has(source.name)) {
      throw new SqlError('duplicate-name', `two sources are called ${source.name}`, at, {
        hint: `give one of them another name: ${source.definition.name} AS other`,
      })
    }
    names.add(source.name)
  }
}

function checkFrom([first, ...others]: readonly FromSource[]): void {
  if (first === undefined) return
  if (sourceKind(first.source.definition) === 'lookup') {
    const what = `lookup table ${first.source.definition.name} in FROM`
    throw new SqlError('bad-join', what, first.at, {
      hint: 'it has no rows of its own to give: join it to a stream',
    })
  }
  const hasStream = [first, ...others].some(
    ({ source }) => sourceKind(source.definition) === 'stream',
  )
  if (hasStream || others.length === 0) return
  throw new SqlError('bad-join', 'cannot join tables without a stream', first.at, {
    hint: 'rows of a stream start a join; use CREATE STREAM for one of them',
  })
}
