import { isAbsolute } from 'node:path'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { nearest } from '#src/sql/near.ts'
import { InstallError } from './errors.ts'
import { type Permissions, readOrigin } from './permissions.ts'

/** One power that the operator gave: an origin, a secret's name, `private` or the name of a folder with its real path. */
export interface Grant {
  readonly power: 'network' | 'files' | 'secrets'
  readonly to: string
  readonly path?: string | undefined
  /** Of a policy; nothing is said where it was granted by a call. */
  readonly from?: string | undefined
}

const grantsSchema = Type.Object(
  {
    all: Type.Optional(Type.Boolean({ description: 'whatever needs no path' })),
    network: Type.Optional(Type.Array(Type.String(), { maxItems: 1000 })),
    secrets: Type.Optional(Type.Array(Type.String(), { maxItems: 1000 })),
    files: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.Literal(true), Type.String()])),
    ),
  },
  { additionalProperties: false },
)

const grantsBody = Compile(grantsSchema)

/** As requests and the policy file have them: `"all"`, `"none"`, or which. */
export type GrantsBody = 'all' | 'none' | Static<typeof grantsSchema>

const EXPECTED =
  '"all", "none" or {"network": [origins], "secrets": [names], "files": {"private": true, name: path}}'

/** @throws InstallError `bad-request` for what is no grants at all */
export function checkGrants(who: string, body: unknown): GrantsBody {
  if (body === 'all' || body === 'none') return body
  if (grantsBody.Check(body)) return body
  const [first] = grantsBody.Errors(body)
  const place = first?.instancePath.slice(1).replaceAll('/', '.') || 'the body'
  throw refusal(
    `grants of ${who}: ${place} ${first?.message ?? 'is wrong'}; expected is ${EXPECTED}`,
  )
}

/** Who is granted something: `sink "mysql"`, `package "acme"`. */
export function whoIs(
  wanted: { readonly kind: string; readonly name: string } | undefined,
  packageName = '',
): string {
  return wanted === undefined ? `package "${packageName}"` : `${wanted.kind} "${wanted.name}"`
}

/**
 * What can be said of grants while nobody knows yet what is asked for.
 *
 * @throws InstallError `bad-request` for what is no grants at all, and for a folder without its path
 */
export function checkAnyGrants(who: string, body: unknown): void {
  const given = checkGrants(who, body)
  if (typeof given !== 'string') grantsOf(given, who)
}

/**
 * Reads what the operator grants: `{"network": ["tcp://db:3306"], "secrets": ["apiKey"], "files": {"private": true,
 * "input": "/data/in"}}`. Only what was asked for can be granted.
 *
 * @throws InstallError `bad-request` naming what was not asked for
 */
export function readGrants(who: string, asked: Permissions, body: unknown): Grant[] {
  const given = checkGrants(who, body)
  const allowed = askedFor(asked)
  const named = typeof given === 'string' ? [] : grantsOf(given, who)
  for (const grant of named) checkAsked(who, grant, allowed)
  const isAll = given === 'all' || (given !== 'none' && given.all === true)
  const rest = isAll ? allowed.filter((grant) => !isFolder(grant)) : []
  return mergeGrants(rest, named)
}

/** What is taken back. Nothing named: everything. A folder needs no path. */
export function readRevoked(who: string, asked: Permissions, body: unknown): Grant[] {
  const allowed = askedFor(asked)
  if (body === undefined || body === null || body === 'all') return allowed
  const named = checkGrants(who, body)
  if (named === 'none' || named === 'all' || named.all === true) return allowed
  const { network = [], secrets = [], files = {} } = named
  const grants: Grant[] = [
    ...network.map((to) => ({ power: 'network' as const, to: originOr(to) })),
    ...secrets.map((to) => ({ power: 'secrets' as const, to })),
    ...Object.keys(files).map((to) => ({ power: 'files' as const, to })),
  ]
  for (const grant of grants) checkAsked(who, grant, allowed)
  return grants.length === 0 ? allowed : grants
}

function checkAsked(who: string, grant: Grant, allowed: readonly Grant[]): void {
  const names = allowed.filter(({ power }) => power === grant.power).map(({ to }) => to)
  if (names.includes(grant.to)) return
  const near = nearest(grant.to, names)
  throw refusal(
    `${who} does not ask for ${grant.power} "${grant.to}"; it asks for ${listed(names, grant.power)}${near === undefined ? '' : `; did you mean "${near}"?`}`,
  )
}

/** Every power that a manifest asks for, by the name under which it is granted. */
export function askedFor({ network = [], secrets = [], files }: Permissions): Grant[] {
  return [
    ...network.map((to) => ({ power: 'network' as const, to })),
    ...(files?.private === undefined ? [] : [{ power: 'files' as const, to: 'private' }]),
    ...Object.keys(files?.folders ?? {}).map((to) => ({ power: 'files' as const, to })),
    ...secrets.map((to) => ({ power: 'secrets' as const, to })),
  ]
}

/** `more` over `given`: a folder that is bound anew has its new path. */
export function mergeGrants(given: readonly Grant[], more: readonly Grant[]): Grant[] {
  return [...withoutGrants(given, more), ...more]
}

export function withoutGrants(given: readonly Grant[], gone: readonly Grant[]): Grant[] {
  const names = new Set(gone.map(nameOfGrant))
  return given.filter((grant) => !names.has(nameOfGrant(grant)))
}

/** What of `given` a version asks for: an upgrade keeps its powers and gets no more. */
export function stillAsked(given: readonly Grant[], asked: Permissions): Grant[] {
  const names = askedFor(asked).map(nameOfGrant)
  return given.filter((grant) => names.includes(nameOfGrant(grant)))
}

export function nameOfGrant({ power, to }: Grant): string {
  return `${power} ${to}`
}

/** A folder of the operator's: granted with the path that it is bound to. */
export function isFolder({ power, to }: Grant): boolean {
  return power === 'files' && to !== 'private'
}

function grantsOf(
  { network = [], secrets = [], files = {} }: Static<typeof grantsSchema>,
  who: string,
): Grant[] {
  return [
    ...network.map((to) => ({ power: 'network' as const, to: originOr(to) })),
    ...secrets.map((to) => ({ power: 'secrets' as const, to })),
    ...Object.entries(files).map(([to, path]) => folderGrant(to, path, who)),
  ]
}

/** What is no origin is asked for by nobody, and that is what is said of it. */
export function originOr(text: string): string {
  try {
    return readOrigin(text)
  } catch {
    return text
  }
}

function folderGrant(to: string, path: string | true, who: string): Grant {
  if (to === 'private') return { power: 'files', to }
  if (path === true || !isAbsolute(path) || path.includes('\0'))
    throw refusal(`grants of ${who}: files "${to}" must be bound to an absolute path`)
  return { power: 'files', to, path }
}

function listed(names: readonly string[], power: string): string {
  return names.length === 0 ? `no ${power}` : names.map((name) => `"${name}"`).join(', ')
}

function refusal(message: string): InstallError {
  return new InstallError('bad-request', message)
}
