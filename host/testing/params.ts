import type { Use } from '@plutino/sdk/testing/bench'
import type { RuleSpec } from '#host/cell/cell.ts'
import { codeOf } from '#host/plugins/installation.ts'
import type { Prepared } from '#host/plugins/prepare.ts'
import type { EncodeOptions, OperatorId, Plan, PluginUse, SourcePlan } from '#src/plan/plan.ts'
import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import type { OpenParams, PluginCode } from '#src/worker/protocol.ts'

export interface TestParams {
  readonly spec: RuleSpec
  readonly plugins: readonly PluginCode[]
  readonly open: Omit<OpenParams, 'plugins'>
}

/** A rule with one extension of a package and nothing else. @throws Error with the names that there are */
export function testParams({ content, scripts }: Prepared, use: Use): TestParams {
  const kind = use.kind === 'lookup' ? 'source' : use.kind
  const extension = content.extensions.find((each) => each.kind === kind && each.name === use.name)
  if (extension === undefined) {
    const names = content.extensions.filter((each) => each.kind === kind).map(({ name }) => name)
    const there = `there is ${names.join(', ') || 'none'}`
    const hint = didYouMean(nearest(use.name, names), there)
    throw new Error(`plugin ${content.package} has no ${kind} "${use.name}"; ${hint}`)
  }
  const script = scripts.find(({ file }) => file === extension.file) ?? { text: '', sha256: '' }
  const { package: name, version } = content
  const plugin: PluginUse = { kind, name: use.name, package: name, version, tier: 'sandboxed' }
  const plan = planOf(plugin, use)
  const plugins = [{ ...codeOf(content, extension, script), mapped: true }]
  return {
    plugins,
    spec: {
      tenant: 'test',
      rule: 'test',
      plan,
      sources: [],
      actions: [],
      plugins,
      options: {
        qos: 0,
        checkpointIntervalMs: 0,
        saveStateBeforeStop: false,
        debug: true,
        memoryLimitBytes: 192e6,
        restart: { attempts: 0, delayMs: 0, multiplier: 1, maxDelayMs: 0, jitterFactor: 0 },
      },
      epoch: 1,
      generation: 'test',
      props: {},
    },
    open: {
      plan,
      offsets: [use.restore?.offset],
      sources: [{ datasource: use.datasource, props: use.props }],
      positions: [0],
      epoch: 1,
      startedAt: 0,
      props: {},
    },
  }
}

/** The test hands over what it wants to be encoded. */
const encode: EncodeOptions = {
  format: 'json',
  sendSingle: false,
  omitIfEmpty: false,
  delimiter: ',',
  hasHeader: false,
}

function planOf(plugin: PluginUse, { kind, props }: Use): Plan {
  const source: SourcePlan = {
    name: 'test',
    stream: 'test',
    type: plugin.name,
    kind: kind === 'lookup' ? 'lookup' : 'stream',
    format: 'json',
    delimiter: ',',
    schema: undefined,
    columns: undefined,
    strict: false,
    wholeIsBigint: false,
    meta: [],
    plugin: 0,
    concurrency: 1,
  }
  return {
    ruleId: 'test',
    sources: kind === 'source' || kind === 'lookup' ? [source] : [],
    root: { type: 'source', id: 'test' as OperatorId, source: 0 },
    emitsBatches: false,
    output: undefined,
    hidden: [],
    actions: kind === 'sink' ? [{ index: 0, type: plugin.name, encode, plugin: 0, props }] : [],
    plugins: [plugin],
    settings: {
      isEventTime: false,
      lateToleranceMs: 0,
      sendNilField: false,
      sendError: false,
      debug: true,
      timeZone: 'UTC',
    },
  }
}
