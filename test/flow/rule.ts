import { ChunkWriter } from '#src/flow/encode/chunk-writer.ts'
import { Flow, type FlowOptions } from '#src/flow/flow.ts'
import { payloadStart } from '#src/flow/frame.ts'
import type { FunctionTable } from '#src/functions/table.ts'
import { makeDefinition } from '#src/plan/definitions.ts'
import type { Plan } from '#src/plan/plan.ts'
import { planRule } from '#src/plan/plan-rule.ts'
import { readRuleOptions } from '#src/plan/rule-options.ts'
import { parseStatement } from '#src/sql/parse.ts'
import type { Collected, Emission, Feed, Range } from '#src/worker/protocol.ts'
import { functions } from './functions.ts'

export interface RuleSetup {
  /** Of stream `demo`. @default `CREATE STREAM demo () WITH (DATASOURCE="d")` */
  readonly stream?: string
  readonly options?: Readonly<Record<string, unknown>>
  readonly actions?: readonly { type: string; props: Record<string, unknown> }[]
  readonly timeZone?: string
  /** @default a handful for tests */
  readonly functions?: FunctionTable
}

export function planOf(sql: string, setup: RuleSetup = {}): Plan {
  const select = parseStatement(sql)
  const create = parseStatement(setup.stream ?? 'CREATE STREAM demo () WITH (DATASOURCE="d")')
  if (select.type !== 'select' || create.type !== 'create') throw new Error('wrong statements')
  const definition = makeDefinition(create)
  return planRule({
    ruleId: 'rule',
    select,
    actions: setup.actions ?? [{ type: 'log', props: {} }],
    options: readRuleOptions(setup.options),
    definitions: { find: () => definition, names: () => ['demo'] },
    functions: setup.functions ?? functions,
    extensions: {
      plugin: (kind, name) =>
        kind === 'function' && name === 'ask'
          ? { use: { kind, name, package: 'p', version: '1.0.0', tier: 'sandboxed' } }
          : undefined,
      isBuiltIn: () => true,
      names: () => [],
    },
    settings: () => ({}),
    timeZone: setup.timeZone ?? 'UTC',
  })
}

export function flowOf(plan: Plan, options: Partial<FlowOptions> = {}): Flow {
  const environment = {
    ruleId: plan.ruleId,
    startedAt: 0,
    timeZone: plan.settings.timeZone,
    now: () => 1000,
    props: {},
  }
  return new Flow({ plan, environment, functions, ...options })
}

/** A tuple: its payload, as text or as what JSON makes of it, and when it arrived. */
export interface Tuple {
  readonly payload: unknown
  readonly time: number
}

/** Tuples, and the news that nothing older than the last of them is pending. */
export function feed(
  tuples: readonly Tuple[],
  extra: Partial<Feed> & { first?: number } = {},
): Feed {
  const { first = 1, ...rest } = extra
  return {
    source: 0,
    ranges: rangesOf(tuples, first),
    time: tuples.at(-1)?.time ?? 0,
    end: false,
    metas: [],
    ...rest,
  }
}

function rangesOf(tuples: readonly Tuple[], first: number): Range[] {
  const writer = new ChunkWriter()
  for (const { payload, time } of tuples) {
    writer.text(typeof payload === 'string' ? payload : JSON.stringify(payload), time)
  }
  let next = first
  return writer.take().map((chunk) => {
    const range = { ...chunk, first: next }
    next += chunk.count
    return range
  })
}

/** The payloads of emissions, as JSON reads them. */
export function payloads(emissions: readonly Emission[], action = 0): unknown[] {
  return emissions
    .filter((emission) => emission.action === action)
    .flatMap(({ buffer, count }) => {
      const view = new DataView(buffer)
      const bytes = Buffer.from(buffer)
      let at = 0
      return Array.from({ length: count }, () => {
        const start = payloadStart(view, at)
        at = start + view.getUint32(at, true)
        return JSON.parse(bytes.toString('utf8', start, at))
      })
    })
}

/** A `collect` of a flow without stage borders. */
export function collect(flow: Flow, ...feeds: Feed[]): Collected {
  const collected = flow.collect(feeds)
  if (collected instanceof Promise) throw new Error('the flow has no room')
  return collected
}

/** What a rule makes of payloads that come one ms apart, then the end. */
export function run(sql: string, rows: readonly unknown[], setup?: RuleSetup): unknown[] {
  const flow = flowOf(planOf(sql, setup))
  const tuples = rows.map((payload, i) => ({ payload, time: 1000 + i }))
  return payloads(collect(flow, feed(tuples, { end: true })).emissions)
}
