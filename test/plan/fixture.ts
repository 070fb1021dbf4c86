import type { FunctionDeclaration } from '#src/functions/declaration.ts'
import { FunctionTable } from '#src/functions/table.ts'
import type { ActionRequest } from '#src/plan/actions.ts'
import { makeDefinition, type StreamDefinition } from '#src/plan/definitions.ts'
import type { PluginExtension } from '#src/plan/extensions.ts'
import type { Plan, PlanNode } from '#src/plan/plan.ts'
import { planRule } from '#src/plan/plan-rule.ts'
import { readRuleOptions } from '#src/plan/rule-options.ts'
import type { SourceSettings } from '#src/plan/source-plan.ts'
import type { DataType } from '#src/plan/types.ts'
import { parseStatement } from '#src/sql/parse.ts'

/** Functions enough to plan with; the real ones have tests of their own. */
export const functions = new FunctionTable([
  row('abs', [{ name: 'x', types: ['bigint', 'float'] }], { type: 'float' }, (x) => Math.abs(x)),
  row('upper', [{ name: 'text', types: ['string'] }], { type: 'string' }, (x) => String(x)),
  row('isnull', [{ name: 'x' }], { type: 'boolean' }, (x) => x === null || x === undefined),
  { ...row('rand', [], { type: 'float' }, Math.random), volatile: true },
  row(
    'rule_start',
    [],
    { type: 'bigint' },
    () => 0,
    (environment) => environment.startedAt,
  ),
  aggregate('count', { type: 'bigint' }),
  aggregate('sum', { type: 'any', wholeIsBigint: true }),
  aggregate('avg', { type: 'float' }),
  aggregate('collect', { type: 'array', element: { type: 'any' } }),
  {
    ...declared('lag', { type: 'any' }),
    kind: 'analytic',
    parameters: [{ name: 'value' }, { name: 'offset', types: ['bigint'], optional: true }],
    make: () => ({ init: () => null, step: () => null, peek: () => null }),
  },
])

const streams = [
  'CREATE STREAM demo () WITH (DATASOURCE="demo", FORMAT="json")',
  'CREATE STREAM typed (a BIGINT, b STRING, c FLOAT, o STRUCT(x BIGINT, y STRING), arr ARRAY(BIGINT), ts BIGINT) WITH (DATASOURCE="t", TIMESTAMP="ts", TIMESTAMP_FORMAT="yyyy")',
  'CREATE STREAM shared () WITH (DATASOURCE="s", SHARED="true")',
  'CREATE STREAM hidden () WITH (DATASOURCE="s", TEMP="true")',
  'CREATE STREAM random () WITH (TYPE="random")',
  'CREATE STREAM Upper () WITH (TYPE="Random")',
  'CREATE STREAM nowhere () WITH (TYPE="rendom")',
  'CREATE STREAM proto () WITH (FORMAT="protobuf", SCHEMAID="a.B")',
  'CREATE TABLE lookup () WITH (TYPE="memory", KIND="lookup", KEY="id")',
].map(definition)

export function definition(sql: string): StreamDefinition {
  const statement = parseStatement(sql)
  if (statement.type !== 'create') throw new Error(`no definition: ${sql}`)
  return makeDefinition(statement)
}

export interface PlanOptions {
  readonly options?: unknown
  readonly actions?: readonly ActionRequest[] | undefined
  readonly settings?: SourceSettings | undefined
  readonly temp?: boolean | undefined
}

export function plan(sql: string, request: PlanOptions = {}): Plan {
  const select = parseStatement(sql)
  if (select.type !== 'select') throw new Error(`no select: ${sql}`)
  return planRule({
    ruleId: 'rule',
    select,
    actions: request.actions ?? [{ type: 'log', props: {} }],
    options: readRuleOptions(request.options),
    definitions: {
      find: (name) => streams.find((stream) => stream.name === name),
      names: () => streams.map((stream) => stream.name),
    },
    functions,
    extensions: {
      plugin: (kind, name) => plugins.find(({ use }) => use.kind === kind && use.name === name),
      isBuiltIn: (kind, name) => builtIn[kind].includes(name),
      names: (kind) => [
        ...(kind === 'function' ? [] : builtIn[kind]),
        ...plugins.filter(({ use }) => use.kind === kind).map(({ use }) => use.name),
      ],
    },
    settings: () => request.settings ?? {},
    temp: request.temp,
  })
}

/** The nodes from the source to the sinks. */
export function chain({ root }: Plan): readonly PlanNode[] {
  const nodes = [root]
  for (
    let node = root;
    node.type !== 'source' && node.type !== 'merge';
    node = nodes[0] as PlanNode
  )
    nodes.unshift(node.input)
  return nodes
}

export function kinds(of: Plan): string {
  return chain(of)
    .map((node) => (node.type === 'filter' ? node.clause : node.type))
    .join(' ')
}

const builtIn: Record<'source' | 'sink', readonly string[]> = {
  source: ['mqtt', 'memory', 'file'],
  sink: ['log', 'mqtt', 'nop'],
}

const plugins: readonly PluginExtension[] = [
  pluginOf('source', 'random'),
  pluginOf('sink', 'mysql'),
  pluginOf('function', 'echo'),
  { ...pluginOf('function', 'total'), isAggregate: true },
]

function pluginOf(kind: 'source' | 'sink' | 'function', name: string): PluginExtension {
  return { use: { kind, name, package: `acme-${name}`, version: '1.0.0', tier: 'sandboxed' } }
}

function declared(name: string, returns: DataType) {
  return { name, family: 'other', returns, doc: '', examples: [] } as const
}

function row(
  name: string,
  parameters: FunctionDeclaration['parameters'],
  returns: DataType,
  call: (x: number) => unknown,
  look: (environment: { startedAt: number }) => unknown = () => undefined,
): Extract<FunctionDeclaration, { kind: 'row' }> {
  const make: Extract<FunctionDeclaration, { kind: 'row' }>['make'] = (environment) => {
    look(environment)
    return call as (...args: never[]) => unknown
  }
  return { ...declared(name, returns), kind: 'row', guard: 'none', parameters, make }
}

function aggregate(name: string, returns: DataType): FunctionDeclaration {
  const parameters = [{ name: 'value' }]
  const make = () => ({ init: () => null, add: () => null, result: () => null })
  return { ...declared(name, returns), kind: 'aggregate', parameters, make }
}
