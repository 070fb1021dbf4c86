import { join } from 'node:path'
import { HostError } from '#host/errors.ts'
import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import type { Environment } from './load.ts'
import { fillSecrets, namesSecret, readSecrets, textsIn } from './secrets.ts'
import { guessText } from './value.ts'
import { isMap, readYaml } from './yaml.ts'

export type ConnectorKind = 'sources' | 'sinks' | 'connections'
export type Props = Readonly<Record<string, unknown>>
export type Sections = ReadonlyMap<string, Props>

/** Sections put over REST; they win over files and environment. */
export interface StoredConfKeys {
  list(tenant: string, kind: ConnectorKind, type: string): Sections
}

export interface ConnectorConfigOptions {
  /** The etc folder. */
  readonly folder: string
  readonly environment: Environment
  readonly stored: StoredConfKeys
}

/**
 * Properties of sources and sinks: `etc/sources/TYPE.yaml`, the environment over it, what was put over REST over both.
 * Read anew at each start of a rule, so that a change needs no restart of the server.
 */
export class ConnectorConfig {
  readonly #options: ConnectorConfigOptions

  constructor(options: ConnectorConfigOptions) {
    this.#options = options
  }

  /**
   * The section `key` over `default`, with secrets filled in. No file and no key: `{}`.
   *
   * @throws HostError `unknown-conf-key`, with the one that was meant
   */
  async props(
    tenant: string,
    kind: ConnectorKind,
    type: string,
    key: string | undefined,
  ): Promise<Props> {
    const sections = await this.sections(tenant, kind, type)
    const base = sections.get('default') ?? {}
    const wanted = key === undefined || key === '' ? 'default' : key
    const section = sections.get(wanted)
    if (section === undefined && wanted !== 'default') {
      throw unknownKey(kind, type, wanted, [...sections.keys()])
    }
    const merged = { ...withServer(base), ...withServer(section ?? {}) }
    return fillSecrets(merged, await readSecrets(this.#options.folder, this.#options.environment))
  }

  /** Puts secrets where properties that stand in a rule or a stream name them. @throws HostError `unknown-secret` */
  async fill(props: Props): Promise<Props> {
    if (!namesSecret(props)) return props
    return fillSecrets(props, await readSecrets(this.#options.folder, this.#options.environment))
  }

  /** The values of secrets that stand in properties which were filled in. */
  async secretsIn(filled: unknown): Promise<readonly string[]> {
    const secrets = await readSecrets(this.#options.folder, this.#options.environment)
    const values = new Set(secrets.values())
    return textsIn(filled).filter((text) => values.has(text))
  }

  /** All sections of a type, not merged over `default`, secrets as they are written. */
  async sections(tenant: string, kind: ConnectorKind, type: string): Promise<Sections> {
    const sections = new Map<string, Props>()
    for (const path of this.#files(kind, type)) {
      const file = await readYaml(path)
      for (const [name, props] of Object.entries(file?.data ?? {})) {
        if (isMap(props)) sections.set(name, { ...sections.get(name), ...props })
        else if (props === null) sections.set(name, sections.get(name) ?? {})
        else {
          throw new HostError('bad-conf-key', `${path}: "${name}" must hold properties below it`)
        }
      }
    }
    for (const prefix of prefixes(kind, type)) this.#overlay(prefix, sections)
    for (const [name, props] of this.#options.stored.list(tenant, kind, type)) {
      sections.set(name, { ...sections.get(name), ...props })
    }
    return sections
  }

  /** Later ones win. Kuiper keeps the mqtt source in a file of its own. */
  #files(kind: ConnectorKind, type: string): string[] {
    const own = join(this.#options.folder, kind, `${type}.yaml`)
    return kind === 'sources' && type === 'mqtt'
      ? [join(this.#options.folder, 'mqtt_source.yaml'), own]
      : [own]
  }

  /** `MYSOURCE__DEMOCONF__HOST=…` sets `host` in section `demoConf`, in whatever case the file writes them. */
  #overlay(prefix: string, sections: Map<string, Props>): void {
    for (const [name, text] of Object.entries(this.#options.environment)) {
      if (text === undefined || !name.startsWith(prefix)) continue
      const [sectionWord, ...path] = name.slice(prefix.length).split('__')
      if (sectionWord === undefined || sectionWord === '' || path.length === 0) continue
      const section = sameWord(sectionWord, sections.keys())
      const known = { ...sections.get('default'), ...sections.get(section) }
      sections.set(section, setPath(sections.get(section) ?? {}, known, path, text))
    }
  }
}

function prefixes(kind: ConnectorKind, type: string): string[] {
  const name = type.toUpperCase()
  switch (kind) {
    case 'sources':
      return [`${name}__`, `${name}_SOURCE__`]
    case 'sinks':
      return [`${name}_SINK__`]
    case 'connections':
      return [`CONNECTION__${name}__`]
  }
}

function sameWord(word: string, known: Iterable<string>): string {
  const wanted = word.toUpperCase()
  for (const name of known) if (name.toUpperCase() === wanted) return name
  return word.toLowerCase()
}

/** A property whose value in the file is a text stays a text: a password of digits is no number. */
function setPath(props: Props, known: Props, path: readonly string[], text: string): Props {
  const [word = '', ...rest] = path
  const key = sameWord(word, Object.keys(known))
  if (rest.length === 0) {
    return { ...props, [key]: typeof known[key] === 'string' ? text : guessText(text) }
  }
  const inner = isMap(props[key]) ? props[key] : {}
  const innerKnown = isMap(known[key]) ? known[key] : {}
  return { ...props, [key]: setPath(inner, innerKnown, rest, text) }
}

/** Older files of Kuiper say `servers: [tcp://…]`. */
function withServer(props: Props): Props {
  const { servers, ...rest } = props
  if (!Array.isArray(servers) || servers.length === 0) return props
  return 'server' in rest ? rest : { ...rest, server: servers[0] }
}

function unknownKey(
  kind: ConnectorKind,
  type: string,
  key: string,
  known: readonly string[],
): HostError {
  const what = kind === 'sources' ? 'source' : kind === 'sinks' ? 'sink' : 'connection'
  const hint = didYouMean(
    nearest(key, known),
    known.length === 0 ? 'there are none' : `known are ${known.join(', ')}`,
  )
  return new HostError(
    'unknown-conf-key',
    `no CONF_KEY "${key}" for ${what} type "${type}"; ${hint}`,
  )
}
