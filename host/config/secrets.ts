import { join } from 'node:path'
import { HostError } from '#host/errors.ts'
import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import type { Environment } from './load.ts'
import { isMap, readYaml } from './yaml.ts'

const prefix = 'PLUTINO_SECRET_'

/** The secrets of a host: `secrets.yaml` in the etc folder, and `PLUTINO_SECRET_NAME` of the environment over it. */
export async function readSecrets(
  folder: string,
  environment: Environment,
): Promise<ReadonlyMap<string, string>> {
  const secrets = new Map<string, string>()
  const file = await readYaml(join(folder, 'secrets.yaml'))
  for (const [name, value] of Object.entries(file?.data ?? {})) secrets.set(name, String(value))
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && name.startsWith(prefix))
      secrets.set(name.slice(prefix.length), value)
  }
  return secrets
}

/**
 * Puts secrets where properties say `secret:name`, at any depth. Names ignore case, as variables are upper case.
 *
 * @throws HostError `unknown-secret`
 */
export function fillSecrets<T>(value: T, secrets: ReadonlyMap<string, string>): T {
  return fill(value, secrets) as T
}

/** All texts of properties, at any depth. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return isMap(value) ? Object.values(value).flatMap(textsIn) : []
}

/** Whether a text in it, at any depth, is the name of a secret. */
export function namesSecret(value: unknown): boolean {
  if (typeof value === 'string') return value.startsWith('secret:')
  if (Array.isArray(value)) return value.some(namesSecret)
  return isMap(value) && Object.values(value).some(namesSecret)
}

function fill(value: unknown, secrets: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') {
    return value.startsWith('secret:') ? find(value.slice('secret:'.length), secrets) : value
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, secrets))
  if (!isMap(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, secrets)]))
}

/** Names ignore case, as variables are upper case. */
export function findSecret(name: string, secrets: ReadonlyMap<string, string>): string | undefined {
  const wanted = name.toUpperCase()
  return secrets.get(name) ?? [...secrets].find(([known]) => known.toUpperCase() === wanted)?.[1]
}

function find(name: string, secrets: ReadonlyMap<string, string>): string {
  const found = findSecret(name, secrets)
  if (found !== undefined) return found
  const hint = didYouMean(
    nearest(name, secrets.keys()),
    `set ${prefix}${name.toUpperCase()} or write it into secrets.yaml`,
  )
  throw new HostError('unknown-secret', `no secret "${name}"; ${hint}`)
}

const looksSecret =
  /pass(?:word|wd|phrase)?$|^pwd$|secret|token|credential|authorization|(?:api|private|access).?key(?!path)/i
const inAddress = /^([a-z][a-z0-9+.-]*:\/\/[^:/@\s]*:|[^:/@\s]+:)([^@\s]+)(@)/i

/** For answers and logs: what looks secret becomes `******`. A name of a secret is none. */
export function maskSecrets(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => maskSecrets(item, key))
  if (isMap(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, maskSecrets(item, name)]),
    )
  }
  if (typeof value === 'string' && value.startsWith('secret:')) return value
  if (looksSecret.test(key) && value !== '' && value !== null) return '******'
  return typeof value === 'string' ? value.replace(inAddress, '$1******$3') : value
}
