import type { Flow } from '#src/flow/flow.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { ActionRequest } from '#src/plan/actions.ts'
import { makeDefinition } from '#src/plan/definitions.ts'
import type { Plan } from '#src/plan/plan.ts'
import { planRule } from '#src/plan/plan-rule.ts'
import { readRuleOptions } from '#src/plan/rule-options.ts'
import type { SourceSettings } from '#src/plan/source-plan.ts'
import { parseStatement } from '#src/sql/parse.ts'
import type { Feed } from '#src/worker/protocol.ts'
import { collect, feed, flowOf, payloads } from './rule.ts'

export interface StreamsSetup {
  /** CREATE statements. */
  readonly streams: readonly string[]
  readonly options?: Readonly<Record<string, unknown>>
  /** Of lookup tables. */
  readonly lookup?: SourceSettings['lookup']
  /** By stream or table. */
  readonly payload?: Readonly<Record<string, SourceSettings['payload']>>
  /** @default one that logs */
  readonly actions?: readonly ActionRequest[]
}

/** A tuple of one source of the statement, by the name that it has there. */
export interface Input {
  readonly from: string
  readonly payload: unknown
  readonly time: number
}

export function planStreams(
  sql: string,
  { streams, options, lookup, payload, actions }: StreamsSetup,
): Plan {
  const select = parseStatement(sql)
  if (select.type !== 'select') throw new Error('no select')
  const definitions = streams.map((text) => {
    const create = parseStatement(text)
    if (create.type !== 'create') throw new Error('no definition')
    return makeDefinition(create)
  })
  return planRule({
    ruleId: 'rule',
    select,
    actions: actions ?? [{ type: 'log', props: {} }],
    options: readRuleOptions({ sendError: true, ...options }),
    definitions: {
      find: (name) => definitions.find((definition) => definition.name === name),
      names: () => definitions.map(({ name }) => name),
    },
    functions: builtInFunctions(),
    settings: ({ name }) => ({ lookup, payload: payload?.[name] }),
    extensions: { plugin: () => undefined, isBuiltIn: () => true, names: () => [] },
  })
}

export function flowOfStreams(plan: Plan): Flow {
  return flowOf(plan, { functions: builtInFunctions() })
}

/** The feeds of one call: tuples of some sources, and for all of them that nothing older than `time` is pending. */
export function feedsAt(
  plan: Plan,
  inputs: readonly (Input & { readonly sequence: number })[],
  time: number,
  end = false,
): Feed[] {
  return plan.sources.flatMap(({ name, kind }, source) => {
    if (kind === 'lookup') return []
    const own = inputs.filter(({ from }) => from === name)
    return [feed(own, { source, time, end, first: own[0]?.sequence ?? 1 })]
  })
}

/** Numbers the tuples of each source. */
export function sequenced(inputs: readonly Input[]): (Input & { readonly sequence: number })[] {
  const last = new Map<string, number>()
  return inputs.map((input) => {
    const sequence = (last.get(input.from) ?? 0) + 1
    last.set(input.from, sequence)
    return { ...input, sequence }
  })
}

/** What a rule makes of tuples that come one by one in their order; then a second goes by, or all sources end. */
export function runStreams(
  sql: string,
  inputs: readonly Input[],
  setup: StreamsSetup,
  { end = true, action = 0 }: { readonly end?: boolean; readonly action?: number } = {},
): unknown[] {
  const plan = planStreams(sql, setup)
  const flow = flowOfStreams(plan)
  const made: unknown[] = []
  for (const input of sequenced(inputs)) {
    const { emissions } = collect(flow, ...feedsAt(plan, [input], input.time))
    made.push(...payloads(emissions, action))
  }
  const last = (inputs.at(-1)?.time ?? 0) + 1000
  made.push(...payloads(collect(flow, ...feedsAt(plan, [], last, end)).emissions, action))
  return made
}
