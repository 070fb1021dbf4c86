import { Type } from 'typebox'

export const nameParams = Type.Object({ name: Type.String() })
export const idParams = Type.Object({ id: Type.String() })

export const sqlBody = Type.Object(
  {
    sql: Type.String({ description: 'CREATE STREAM name (columns) WITH (options)' }),
  },
  { additionalProperties: false },
)

/** For the documentation: routes with it attach what it finds and leave the checks to the rule service, who says more. */
export const ruleBody = Type.Unsafe<unknown>({
  type: 'object',
  description: 'A rule',
  properties: {
    id: { type: 'string' },
    name: { type: 'string' },
    version: { type: 'string' },
    sql: { type: 'string', description: 'SELECT … FROM stream' },
    actions: {
      type: 'array',
      items: { type: 'object', additionalProperties: { type: 'object' } },
      description: '[{"log": {}}]',
    },
    options: { type: 'object', description: '{"qos": 1}' },
    plugins: { type: 'object', description: 'Versions of plugins: {"random": "^1.2"}' },
    triggered: {
      type: 'boolean',
      description: 'Starts at once and with the server. Default true.',
    },
    temp: { type: 'boolean', description: 'Gone with the process.' },
    tags: { type: 'array', items: { type: 'string' } },
  },
})

/** For the documentation, as `ruleBody`: it may be missing. */
export const resetBody = Type.Unsafe<unknown>({
  type: 'object',
  description: 'Missing: the state of the whole rule',
  properties: {
    type: { type: 'integer', description: '1: a source goes on from where input says' },
    params: {
      type: 'object',
      properties: {
        streamName: { type: 'string', description: 'A stream of the rule' },
        input: { type: 'object', description: 'What the plugin takes: see its own documentation' },
      },
    },
  },
})

export const tagsBody = Type.Object(
  { tags: Type.Array(Type.String()) },
  { additionalProperties: false },
)

export const forceQuery = Type.Object({
  force: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])),
})

const flag = (description: string) =>
  Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')], { description }))

const force = flag('Rules that hold it are stopped, with the reason')

/** Kuiper's `stop` is understood: nothing needs a restart here. */
export const dropQuery = Type.Object({
  force,
  stop: Type.Optional(Type.String({ description: 'Understood and without effect' })),
})
export const removeQuery = Type.Object({
  version: Type.Optional(Type.String({ description: 'Only this one' })),
  force,
})
export const allQuery = Type.Object({
  all: flag('Also versions that were not replaced, but the newest of each package'),
})

const file = Type.String({ description: 'Address of the zip' })

/** What an operator decides about a plugin. */
const decisions = {
  grants: Type.Optional(
    Type.Unsafe<unknown>({
      description:
        '"all", "none" or {"network": [origins], "secrets": [names], "files": {"private": true, name: path}}',
    }),
  ),
  tier: Type.Optional(Type.Union([Type.Literal('sandboxed'), Type.Literal('trusted')])),
  sha256: Type.Optional(Type.String({ description: 'The digest that the zip must have' })),
}

export const packageBody = Type.Object({ file, ...decisions }, { additionalProperties: false })
const policy = Type.Optional(
  Type.Union([Type.Literal('restart'), Type.Literal('keep')], {
    description: 'restart: rules that run move to it; keep: they stay. Default restart',
  }),
)
export const upgradeBody = Type.Object(
  { file, policy, ...decisions },
  { additionalProperties: false },
)
export const previewBody = Type.Object({ file }, { additionalProperties: false })

export const pluginBody = Type.Object(
  {
    name: Type.String({ description: 'The source, sink or function, not its package' }),
    file,
    functions: Type.Optional(Type.Array(Type.String())),
    shellParas: Type.Optional(Type.Array(Type.String())),
    policy,
    ...decisions,
  },
  { additionalProperties: false },
)

export const functionsBody = Type.Object(
  { functions: Type.Array(Type.String()) },
  { additionalProperties: false },
)

/** Properties of a source or sink. */
export const propsBody = Type.Record(Type.String(), Type.Unknown())

export const configsBody = Type.Object(
  {
    logLevel: Type.Optional(
      Type.Union([
        Type.Literal('debug'),
        Type.Literal('info'),
        Type.Literal('warn'),
        Type.Literal('error'),
      ]),
    ),
    debug: Type.Optional(Type.Boolean()),
    consoleLog: Type.Optional(Type.Boolean()),
    fileLog: Type.Optional(Type.Boolean()),
    timezone: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)
