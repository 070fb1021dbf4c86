import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { parseTemplate } from '#src/template/parse.ts'
import { type Template, TemplateError } from '#src/template/template.ts'
import { encodeOptions } from './encode-options.ts'
import { RuleError } from './errors.ts'
import type { Extensions } from './extensions.ts'
import type { DynamicProperty } from './payload-options.ts'
import type { ActionPlan } from './plan.ts'
import type { PluginList } from './plugin-list.ts'

/** One sink with its properties; the rule's `actions`, flattened. */
export interface ActionRequest {
  readonly type: string
  readonly props: Readonly<Record<string, unknown>>
}

/** @throws RuleError for an action that nobody can carry out */
export function planActions(
  actions: readonly ActionRequest[],
  extensions: Extensions,
  plugins: PluginList,
): readonly ActionPlan[] {
  if (actions.length === 0) {
    throw new RuleError('missing-actions', 'missing rule actions', 'add one such as {"log": {}}')
  }
  return actions.map(({ type, props }, index): ActionPlan => {
    const encode = encodeOptions(type, props)
    if (extensions.isBuiltIn('sink', type)) {
      const dynamic = dynamicProperties(type, props)
      return { index, type, encode: dynamic.length === 0 ? encode : { ...encode, dynamic } }
    }
    const extension = extensions.plugin('sink', type)
    if (extension === undefined) throw unknownSink(`action "${type}"`, type, extensions)
    const plugin = plugins.add(extension.use)
    const throughHost = isDeliveredByHost(props) ? { throughHost: true as const } : {}
    return { index, type, encode, plugin, props: ownProps(props), ...throughHost }
  })
}

export function unknownSink(what: string, type: string, extensions: Extensions): RuleError {
  const near = nearest(type, extensions.names('sink'))
  const hint = didYouMean(near, 'install the plugin that brings it')
  return new RuleError('unknown-action', `unknown ${what}`, hint)
}

/** What sinks make for each payload anew; `headers` has properties of its own. */
const dynamicNames: Readonly<Record<string, readonly string[]>> = {
  memory: ['topic'],
  mqtt: ['topic'],
  rest: ['url', 'method', 'bodyType', 'headers'],
}

/** Templates outside of those are for others: of the payload, and of the sink for dead letters. */
const ownTemplates: ReadonlySet<string> = new Set(['dataTemplate', 'deadLetter'])

/** Properties with `{{`: a template for each row. @throws RuleError where taking them so is not possible */
function dynamicProperties(
  type: string,
  props: Readonly<Record<string, unknown>>,
): readonly DynamicProperty[] {
  const found: DynamicProperty[] = []
  const names = dynamicNames[type.toLowerCase()] ?? []
  const visit = (path: string, value: unknown, isKnown: boolean) => {
    if (isStruct(value)) {
      for (const [name, inner] of Object.entries(value)) visit(`${path}.${name}`, inner, isKnown)
    } else if (typeof value === 'string' && value.includes('{{')) {
      if (!isKnown) {
        const hint = names.length === 0 ? 'this sink has none' : `there are ${names.join(', ')}`
        const what = `action ${type}: ${path} cannot be a template for each row`
        throw new RuleError('bad-property', what, hint)
      }
      found.push({ name: path, template: templateOf(type, path, value) })
    }
  }
  for (const [name, value] of Object.entries(props)) {
    if (!ownTemplates.has(name)) visit(name, value, names.includes(name))
  }
  return found
}

function templateOf(type: string, name: string, text: string): Template {
  try {
    return parseTemplate(text)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new RuleError('bad-property', `action ${type}: ${name}: ${error.message}`)
  }
}

/** What only the host can do for a plugin's sink, since it holds what the sink has not taken. */
const hostProps = [
  'enableCache',
  'encryption',
  'deadLetter',
  'retryAttempts',
  'retryDelay',
  'retryMaxDelay',
] as const

function isDeliveredByHost(props: Readonly<Record<string, unknown>>): boolean {
  return hostProps.some((name) => {
    const value = props[name]
    return value !== undefined && value !== null && value !== false && value !== '' && value !== 0
  })
}

/** Keys, and the properties of the sink for dead letters with what is secret in them, are the host's. */
export function ownProps({
  deadLetter: _deadLetter,
  encProps: _encProps,
  ...own
}: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return own
}

function isStruct(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
