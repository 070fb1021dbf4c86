import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ActionSpec, CellEnvironment, RuleSpec, RuleStatus } from '#host/cell/cell.ts'
import { createBuiltinConnectors } from '#host/cell/connectors/builtin.ts'
import type {
  ConnectorType,
  SinkConnector,
  SourceConnector,
} from '#host/cell/connectors/connector.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { makeDefinition } from '#src/plan/definitions.ts'
import type { Plan } from '#src/plan/plan.ts'
import { planRule } from '#src/plan/plan-rule.ts'
import { readRuleOptions } from '#src/plan/rule-options.ts'
import { parseStatement } from '#src/sql/parse.ts'

/** Query a of the reference. */
export const filterProjectSql = `SELECT deviceId, temperature * 1.8 + 32 AS f FROM demo
  WHERE temperature > 20 AND status = 'ok'`

/** Query a with its expression in a plugin's function. */
export const plusPlugin = {
  sql: `SELECT deviceId, fahrenheit(temperature) AS f FROM demo
    WHERE temperature > 20 AND status = 'ok'`,
  plugin: {
    name: 'fahrenheit',
    text: 'exports.fahrenheit = { exec: ([c]) => c * 1.8 + 32, isAggregate: () => false }',
  },
} as const

const megabyte = 1_048_576

export interface BenchRule {
  /** @default 'rule' */
  readonly rule?: string
  readonly sql: string
  /** @default 'mqtt' */
  readonly type?: string
  /** @default 'demo/#' */
  readonly datasource?: string
  /** Of the source. */
  readonly props?: Readonly<Record<string, unknown>>
  readonly shared?: boolean
  /** @default one `nop` */
  readonly actions?: readonly ActionSpec[]
  /** A plugin's function and its script. */
  readonly plugin?: { readonly name: string; readonly text: string }
  readonly bufferLength?: number
}

export interface BenchHostOptions {
  readonly maxYoungGenerationSizeMb?: number | undefined
  /** Besides the built-in ones. */
  readonly sources?: readonly ConnectorType<SourceConnector>[]
  readonly sinks?: readonly ConnectorType<SinkConnector>[]
  /** Where checkpoints go. @default nowhere */
  readonly commit?: CellEnvironment['commit']
  /** Where spools are kept. @default nowhere */
  readonly dataFolder?: string
}

/** A cell with the built-in connectors, and rules that are parsed, planned and deployed as the server does it. */
export class BenchHost {
  readonly cell: LocalCell
  readonly #functions = builtInFunctions()

  constructor(options: BenchHostOptions = {}) {
    const { sources, sinks } = createBuiltinConnectors()
    const named = <T>(types: readonly ConnectorType<T>[] = []) =>
      types.map((type) => [type.name, type] as const)
    this.cell = new LocalCell({
      environment: { ...environment, commit: options.commit ?? environment.commit },
      dataFolder: options.dataFolder,
      connectors: {
        sources: new Map([...sources, ...named(options.sources)]),
        sinks: new Map([...sinks, ...named(options.sinks)]),
      },
      cacheFolder: join(tmpdir(), 'plutino-bench-cache'),
      maxYoungGenerationSizeMb: options.maxYoungGenerationSizeMb,
    })
  }

  async deploy(rule: BenchRule): Promise<void> {
    await this.cell.deploy(this.specOf(rule))
  }

  specOf(rule: BenchRule): RuleSpec {
    const { rule: name = 'rule', type = 'mqtt', datasource = 'demo/#' } = rule
    const actions = rule.actions ?? [{ type: 'nop', props: {} }]
    const options = readRuleOptions({})
    const { plugin } = rule
    return {
      tenant: 'default',
      rule: name,
      plan: this.#plan(rule, name, type, actions),
      sources: [
        {
          stream: 'demo',
          type,
          datasource,
          props: rule.props ?? {},
          shared: rule.shared ?? false,
          bufferLength: rule.bufferLength ?? 102_400,
          bufferBytes: 268_435_456,
          dropPolicy: 'oldest',
        },
      ],
      actions,
      plugins: plugin === undefined ? [] : [codeOf(plugin)],
      options: {
        qos: options.qos,
        checkpointIntervalMs: options.checkpointIntervalMs,
        saveStateBeforeStop: options.enableSaveStateBeforeStop,
        debug: false,
        memoryLimitBytes: (plugin === undefined ? 1024 : 192) * megabyte,
        restart: options.restartStrategy,
      },
      epoch: 1,
      generation: 'bench',
      props: {},
    }
  }

  async status(rule = 'rule'): Promise<RuleStatus> {
    const status = await this.cell.status({ tenant: 'default', rule })
    if (status === undefined) throw new Error(`rule ${rule} is not here`)
    if (status.deaths.length > 0) throw new Error(`its worker died: ${status.deaths[0]?.reason}`)
    return status
  }

  async stop(rule = 'rule'): Promise<void> {
    await this.cell.stop({ tenant: 'default', rule }, { drainMs: 100 })
  }

  close(): Promise<void> {
    return this.cell.close()
  }

  #plan(rule: BenchRule, ruleId: string, type: string, actions: readonly ActionSpec[]): Plan {
    const { datasource = 'demo/#', plugin } = rule
    const select = parseStatement(rule.sql)
    const create = parseStatement(
      `CREATE STREAM demo () WITH (DATASOURCE="${datasource}", TYPE="${type}", FORMAT="json")`,
    )
    if (select.type !== 'select' || create.type !== 'create') throw new Error('wrong statements')
    const definition = makeDefinition(create)
    return planRule({
      ruleId,
      select,
      actions,
      options: readRuleOptions({}),
      definitions: { find: () => definition, names: () => ['demo'] },
      functions: this.#functions,
      extensions: {
        plugin: (kind, name) =>
          kind === 'function' && name === plugin?.name
            ? { use: { kind, name, package: 'bench', version: '1.0.0', tier: 'sandboxed' } }
            : undefined,
        isBuiltIn: () => true,
        names: () => [],
      },
      settings: () => ({}),
      timeZone: 'UTC',
    })
  }
}

const environment: CellEnvironment = {
  commit: async () => {},
  log: ({ level, rule, text }) => {
    if (level === 'error' || level === 'warn') console.error(`${rule}: ${text}`)
  },
}

function codeOf({ name, text }: NonNullable<BenchRule['plugin']>) {
  return {
    package: 'bench',
    version: '1.0.0',
    text,
    sha256: createHash('sha256').update(text).digest('hex'),
    export: name,
    kind: 'function',
    name,
  } as const
}
