import type { Constants } from './constants.ts'
import type { AggregateColumn, GroupColumns } from './group-columns.ts'
import { isMisfit, type Layout, laneReader } from './layout.ts'

/**
 * Lines that evaluate the arguments of all calls, and leave where one of them fits no lane; and lines that take them into
 * the accumulators in `slot` of `slots.held`.
 */
export function callCode(
  { calls }: GroupColumns,
  layout: Layout,
  constants: Constants,
): { readonly before: readonly string[]; readonly adds: readonly string[] } {
  const before: string[] = []
  const shared = new Map<unknown, string>()
  const boxed: string[] = []
  /** By condition under which they are taken in. */
  const lanes = new Map<string, string[]>()
  const fitting = new Map<string, number[]>()
  for (const [i, call] of calls.entries()) {
    const { aggregator, args, filter } = call
    if (filter !== undefined) before.push(`const p${i} = ${constants.add(filter)}(row) === true`)
    const names = args.map((value, j) => {
      // The same value for several calls is asked for once; behind a filter it is that call's own.
      const known = filter === undefined ? shared.get(value) : undefined
      if (known !== undefined) return known
      const name = `a${i}_${j}`
      if (filter === undefined) shared.set(value, name)
      const guard = filter === undefined ? '' : `!p${i} ? undefined : `
      before.push(`const ${name} = ${guard}${constants.add(value)}(row)`)
      return name
    })
    const offset = layout.offsets[i] ?? -1
    if (offset < 0) {
      const place = `boxed[${i}][slot]`
      const add = `${place} = ${constants.add(aggregator)}.add(${[place, ...names].join(', ')})`
      boxed.push(filter === undefined ? add : `if (p${i}) ${add}`)
      continue
    }
    const own = laneAdd(call, offset, names[0], i)
    lanes.set(own.condition, [...(lanes.get(own.condition) ?? []), own.add])
    const [name] = names
    if (name === undefined || aggregator.lanes?.takesAny === true) continue
    fitting.set(name, [...(fitting.get(name) ?? []), i])
  }
  for (const [name, numbers] of fitting) {
    before.push(`if (${isMisfit(name)}) return slots.held.box([${numbers.join(', ')}])`)
  }
  const blocks = [...lanes].map(([condition, lines]) => `if (${condition}) { ${lines.join('\n')} }`)
  return {
    before,
    adds: [
      boxed.length > 0 ? 'const { boxed } = slots.held' : '',
      ...boxed,
      blocks.length > 0 ? `const { numbers } = slots.held, base = slot * ${layout.width}` : '',
      ...blocks,
    ],
  }
}

function laneAdd(
  { aggregator, filter }: AggregateColumn,
  offset: number,
  name: string | undefined,
  call: number,
): { readonly condition: string; readonly add: string } {
  const add = aggregator.lanes?.add(laneReader(offset), name ?? '0') ?? ''
  if (name === undefined) return { condition: filter === undefined ? 'true' : `p${call}`, add }
  // Behind a filter that did not pass it is undefined.
  if (aggregator.lanes?.takesAny === true) {
    return { condition: `${name} !== null && ${name} !== undefined`, add }
  }
  return { condition: `typeof ${name} === 'number'`, add }
}
