import { HostError } from '#host/errors.ts'
import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'

/** A rule as it is posted. */
export interface RuleDefinition {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly sql: string
  /** Each element may name several sinks. */
  readonly actions: readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[]
  readonly options: Readonly<Record<string, unknown>>
  readonly triggered: boolean
  readonly temp: boolean
  readonly tags: readonly string[]
  /** As it was posted, with its id: what GET answers and the catalog keeps. */
  readonly json: Readonly<Record<string, unknown>>
}

const keys = [
  'id',
  'name',
  'version',
  'sql',
  'graph',
  'actions',
  'options',
  'plugins',
  'triggered',
  'temp',
  'tags',
]

const idPattern = /^[a-zA-Z0-9_-]+$/
/** Below what a path may hold: what has a name must be found, and dropped, by it. */
const longestId = 200

/** @throws HostError for a name that is no path, no SQL and no surprise */
export function checkId(id: string): string {
  if (id.length > longestId) {
    throw new HostError(
      'bad-name',
      `id '${id.slice(0, 30)}…' has ${id.length} characters; ${longestId} are allowed`,
    )
  }
  if (idPattern.test(id)) return id
  throw new HostError(
    'bad-name',
    `id '${id}' contains invalid characters: only alphanumeric, hyphens and underscores are allowed`,
  )
}

/**
 * Checks the shape of a rule. Options, actions and the statement are the planner's.
 *
 * @param id of the path, where there is one
 */
export function readRule(value: unknown, id?: string | undefined): RuleDefinition {
  if (!isObject(value)) throw bad('a rule must be a JSON object')
  for (const key of Object.keys(value)) if (!keys.includes(key)) throw unknownKey(key)
  const json = id !== undefined && value.id === undefined ? { id, ...value } : value
  const own = readId(json.id)
  if (id !== undefined && own !== id) throw bad('RuleId is not consistent with rule id.')
  checkForm(json, own)
  return {
    id: own,
    name: textOr(json, 'name', own),
    version: textOr(json, 'version', ''),
    sql: textOr(json, 'sql', ''),
    actions: readActions(json.actions),
    options: readOptions(json),
    triggered: flagOr(json, 'triggered', true),
    temp: flagOr(json, 'temp', false),
    tags: readTags(json.tags),
    json,
  }
}

function readId(id: unknown): string {
  if (id === undefined || id === null || id === '') throw bad('Missing rule id.')
  if (typeof id !== 'string') throw bad(`"id" must be a text, not ${JSON.stringify(id)}`)
  return checkId(id)
}

function checkForm({ sql, graph }: Readonly<Record<string, unknown>>, id: string): void {
  const hasSql = sql !== undefined && sql !== ''
  const hasGraph = graph !== undefined && graph !== null
  if (hasSql && hasGraph) throw bad(`Rule ${id} has both sql and graph.`)
  if (hasGraph) {
    throw new HostError(
      'not-supported',
      `rule "${id}": graph rules are not supported; write it as sql`,
    )
  }
  if (!hasSql) throw bad(`Rule ${id} has neither sql nor graph.`)
}

function readActions(actions: unknown): RuleDefinition['actions'] {
  if (actions === undefined || actions === null) throw bad('Missing rule actions.')
  if (!Array.isArray(actions)) throw bad('"actions" must be a list such as [{"log": {}}]')
  if (actions.length === 0) throw bad('Missing rule actions.')
  return actions.map((element: unknown, index) => {
    if (!isObject(element) || Object.keys(element).length === 0) {
      throw bad(`action ${index} must be an object such as {"log": {}}`)
    }
    return Object.fromEntries(
      Object.entries(element).map(([type, props]) => {
        if (props !== null && !isObject(props)) {
          throw bad(`action ${index}: the properties of "${type}" must be an object`)
        }
        return [type, props ?? {}]
      }),
    )
  })
}

/** Versions of plugins may stand beside the options, too. */
function readOptions({ options, plugins }: Readonly<Record<string, unknown>>) {
  if (options !== undefined && options !== null && !isObject(options)) {
    throw bad('"options" must be an object')
  }
  if (plugins === undefined || plugins === null) return options ?? {}
  if (!isObject(plugins)) throw bad('"plugins" must be an object such as {"random": "^1.2"}')
  return { ...options, plugins: { ...plugins, ...asObject(options?.plugins) } }
}

function readTags(tags: unknown): readonly string[] {
  if (tags === undefined || tags === null) return []
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return [...new Set(tags)]
  throw bad('"tags" must be a list of texts')
}

function textOr(json: Readonly<Record<string, unknown>>, key: string, otherwise: string): string {
  const value = json[key] ?? otherwise
  if (typeof value !== 'string') throw bad(`"${key}" must be a text, not ${JSON.stringify(value)}`)
  return value
}

function flagOr(json: Readonly<Record<string, unknown>>, key: string, otherwise: boolean): boolean {
  const value = json[key] ?? otherwise
  if (typeof value !== 'boolean') {
    throw bad(`"${key}" must be true or false, not ${JSON.stringify(value)}`)
  }
  return value
}

function unknownKey(key: string): HostError {
  const hint = didYouMean(nearest(key, keys), `there are ${keys.join(', ')}`)
  return bad(`unknown key "${key}" in the rule; ${hint}`)
}

function bad(message: string): HostError {
  return new HostError('bad-rule', message)
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {}
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
