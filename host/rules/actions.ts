import { readActionOptions } from '#host/cell/delivery/action-options.ts'
import type { ConnectorConfig, Props } from '#host/config/connector-config.ts'
import { HostError } from '#host/errors.ts'
import type { ActionRequest } from '#src/plan/actions.ts'
import { isObject, type RuleDefinition } from './definition.ts'
import { typeName } from './type-name.ts'

/** What the server says of all sinks. */
export interface SinkDefaults {
  /** Key of `encryption: aes`, base64; '' when there is none. */
  readonly aesKey: string
  /** Properties that an action has when it says nothing itself. */
  readonly props: Props
}

/** The actions of a rule with everything that their sinks are configured with: the server's, the section's, their own. */
export class ActionReader {
  readonly #config: ConnectorConfig
  readonly #defaults: () => SinkDefaults

  constructor(config: ConnectorConfig, defaults: () => SinkDefaults) {
    this.#config = config
    this.#defaults = defaults
  }

  /** Flattened: an element with several sinks is several actions. @throws HostError, CellError for what cannot be */
  async actions(
    tenant: string,
    { actions }: Pick<RuleDefinition, 'actions'>,
  ): Promise<readonly ActionRequest[]> {
    const flat = actions.flatMap((element) => Object.entries(element))
    return Promise.all(
      flat.map(async ([type, own]) => {
        const action = await this.#action(tenant, type, own)
        const { aesKey, props: defaults } = this.#defaults()
        const whole = { ...defaults, ...action.props }
        // Without a cache a plugin's sink is not told of options that nobody gave it.
        const props = withKey(whole.enableCache === true ? whole : action.props, aesKey)
        const deadLetter = await this.deadLetter(tenant, props.deadLetter, `action ${type}`)
        const made = { type: action.type, props: { ...props, ...(deadLetter && { deadLetter }) } }
        readActionOptions(made)
        return made
      }),
    )
  }

  /** `{"file": {…}}` with the configuration of that sink filled in. */
  async deadLetter(
    tenant: string,
    value: unknown,
    where: string,
  ): Promise<Readonly<Record<string, Props>> | undefined> {
    if (value === undefined || value === null) return undefined
    const [[type, own] = [], ...more] = isObject(value) ? Object.entries(value) : []
    if (type === undefined || more.length > 0 || !isObject(own)) {
      throw new HostError(
        'bad-option',
        `${where}: deadLetter must name one sink with its properties, such as {"file": {"path": "failed"}}`,
      )
    }
    const action = await this.#action(tenant, type, own)
    return { [action.type]: action.props }
  }

  async #action(tenant: string, type: string, own: Props): Promise<ActionRequest> {
    const name = typeName(type)
    const { resourceId, ...props } = own
    if (resourceId !== undefined && typeof resourceId !== 'string') {
      throw new HostError('bad-option', `action ${type}: resourceId must be a text`)
    }
    const configured = await this.#config.props(tenant, 'sinks', name, resourceId)
    const filled = await this.#config.fill(props)
    return { type: name, props: { ...configured, ...filled } }
  }
}

/** The key is the server's, unless the action has one of its own. */
function withKey(props: Props, key: string): Props {
  if (typeof props.encryption !== 'string' || props.encryption === '') return props
  const encProps = isObject(props.encProps) ? props.encProps : {}
  return { ...props, encProps: { ...(key === '' ? {} : { key }), ...encProps } }
}
