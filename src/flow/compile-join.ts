import { EngineError } from '#src/errors.ts'
import { Join } from '#src/operators/join.ts'
import { keyer, pairer } from '#src/operators/keyed-row.ts'
import type { Row } from '#src/operators/operator.ts'
import type { TableRows } from '#src/operators/tables.ts'
import { boundColumns } from '#src/operators/window/bounds.ts'
import type { JoinNode, LookupNode, SourcePlan } from '#src/plan/plan.ts'
import type { Compilation } from './compilation.ts'
import { columnConversion } from './decode/schema.ts'
import { nestedPayload } from './decode/source-decoder.ts'
import { LookupCache } from './lookup-cache.ts'
import { LookupStage } from './lookup-stage.ts'
import { compileScalar } from './scalar.ts'

export function compileJoin(node: JoinNode, to: Compilation): void {
  const { expressions } = to
  const { names = [node.first] } = to
  const steps = node.steps.map(({ join, source, table, keys, rest }) => ({
    join,
    source,
    table: table ? tableOf(source, to) : undefined,
    left: keys.map((key) => compileScalar(key.left, expressions)),
    right: keys.map((key) => compileScalar(key.right, expressions)),
    rest: rest && expressions.compilePredicate(rest),
  }))
  const options = {
    first: node.first,
    table: to.tables?.table(node.first),
    steps,
    names,
    hidden: boundColumns(to.hidden),
    perBatch: to.isEmission,
  }
  to.add('join', (context) => new Join(node.id, options, context))
  to.isEmission = true
}

export function compileLookup(node: LookupNode, to: Compilation): void {
  const { expressions, plan } = to
  const { source, name, join, keys, rest } = node
  const { names = [name], askLookup } = to
  if (askLookup === undefined) {
    throw new EngineError(
      'not-supported',
      `rule "${plan.ruleId}": nobody answers look-ups in table ${name} here`,
    )
  }
  const columns = keys.map(({ column }) => column)
  const table = plan.sources[source]
  const { cacheTtlMs, cacheMissing = false } = table?.lookup ?? {}
  const keyed = keyer(names, name)
  const typed = lookupRow(table, plan.settings.timeZone)
  const nested = table && nestedPayload(table, plan.settings)
  const paired = pairer(names, name, boundColumns(to.hidden))
  const options = {
    join,
    values: keys.map(({ value }) => compileScalar(value, expressions)),
    rest: rest && expressions.compilePredicate(rest),
    pair: (row: Row, found: Row) => paired(row, keyed(typed(found))),
    ask: (asked: readonly (readonly unknown[])[]) => askLookup(source, columns, asked),
    unpack: nested && ((found: readonly Row[]) => found.flatMap((row) => nested.rowsIn(row))),
    cache:
      cacheTtlMs === undefined
        ? undefined
        : new LookupCache({ ttlMs: cacheTtlMs, missing: cacheMissing, now: to.now }),
    left: to.left,
  }
  to.stages.push(to.add('lookup', (context) => new LookupStage(node.id, options, context)))
}

/** What a table gives, in the types of its columns: of a table that declares none, as it came. */
function lookupRow(source: SourcePlan | undefined, timeZone: string): (found: Row) => Row {
  if (source?.schema === undefined) return (found) => found
  const options = { strict: source.strict, timeFormat: source.timestamp?.format, timeZone }
  const columns = source.schema.map((column) => {
    return { name: column.name, convert: columnConversion(column, options) }
  })
  return (found) => {
    const row: Row = {}
    for (const { name, convert } of columns) {
      row[name] = convert(Object.hasOwn(found, name) ? found[name] : undefined)
    }
    return row
  }
}

function tableOf(name: string, to: Compilation): TableRows {
  const table = to.tables?.table(name)
  if (table !== undefined) return table
  throw new EngineError('bad-plan', `rule "${to.plan.ruleId}": there is no table ${name}`)
}
