import { isAbsolute } from 'node:path'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { nearest } from '#src/sql/near.ts'
import { InstallError } from './errors.ts'
import type { Manifest } from './manifest.ts'

/** The powers that a manifest asks for. */
export type Permissions = NonNullable<Manifest['plutino']['permissions']>

/** One power that the operator gave: an origin, a secret's name, `private` or the name of a folder with its real path. */
export interface Grant {
  readonly power: 'network' | 'files' | 'secrets'
  readonly to: string
  readonly path?: string | undefined
}

const grantsSchema = Type.Object(
  {
    network: Type.Optional(Type.Array(Type.String())),
    secrets: Type.Optional(Type.Array(Type.String())),
    files: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.Literal(true), Type.String()])),
    ),
  },
  { additionalProperties: false },
)

const grantsBody = Compile(grantsSchema)

/**
 * Reads what the operator grants: `{"network": ["tcp://db:3306"], "secrets": ["apiKey"], "files": {"private": true,
 * "input": "/data/in"}}`. Only what was asked for can be granted.
 *
 * @throws InstallError `bad-request` naming what was not asked for
 */
export function readGrants(who: string, asked: Permissions, body: unknown): Grant[] {
  if (!grantsBody.Check(body)) {
    const [first] = grantsBody.Errors(body)
    throw refusal(
      `grants of ${who}: ${first?.instancePath.slice(1).replaceAll('/', '.') || 'the body'} ${first?.message ?? 'is wrong'}; expected is {"network": [origins], "secrets": [names], "files": {"private": true, name: path}}`,
    )
  }
  const grants = grantsOf(body)
  if (grants.length === 0) throw refusal(`grants of ${who}: the body grants nothing`)
  const allowed = askedFor(asked)
  for (const grant of grants) {
    const names = allowed.filter(({ power }) => power === grant.power).map(({ to }) => to)
    if (names.includes(grant.to)) continue
    const near = nearest(grant.to, names)
    throw refusal(
      `${who} does not ask for ${grant.power} "${grant.to}"; it asks for ${listed(names, grant.power)}${near === undefined ? '' : `; did you mean "${near}"?`}`,
    )
  }
  return grants
}

/** Every power that a manifest asks for, by the name under which it is granted. */
export function askedFor({ network = [], secrets = [], files }: Permissions): Grant[] {
  const folders = files?.folders
  const names = typeof folders === 'object' && folders !== null ? Object.keys(folders) : []
  const hasPrivate = files !== undefined && Object.keys(files).some((key) => key !== 'folders')
  return [
    ...network.map((to) => ({ power: 'network' as const, to })),
    ...(hasPrivate ? [{ power: 'files' as const, to: 'private' }] : []),
    ...names.map((to) => ({ power: 'files' as const, to })),
    ...secrets.map((to) => ({ power: 'secrets' as const, to })),
  ]
}

/** `more` over `given`: a folder that is bound anew has its new path. */
export function mergeGrants(given: readonly Grant[], more: readonly Grant[]): Grant[] {
  const isSame = (a: Grant, b: Grant) => a.power === b.power && a.to === b.to
  return [...given.filter((old) => !more.some((grant) => isSame(old, grant))), ...more]
}

/** What of `given` a version asks for: an upgrade keeps its powers and gets no more. */
export function stillAsked(given: readonly Grant[], asked: Permissions): Grant[] {
  const names = askedFor(asked).map(nameOfGrant)
  return given.filter((grant) => names.includes(nameOfGrant(grant)))
}

export function nameOfGrant({ power, to }: Grant): string {
  return `${power} ${to}`
}

function grantsOf({
  network = [],
  secrets = [],
  files = {},
}: Static<typeof grantsSchema>): Grant[] {
  return [
    ...network.map((to) => ({ power: 'network' as const, to })),
    ...secrets.map((to) => ({ power: 'secrets' as const, to })),
    ...Object.entries(files).map(([to, path]) => folderGrant(to, path)),
  ]
}

function folderGrant(to: string, path: string | true): Grant {
  if (to === 'private') return { power: 'files', to }
  if (path === true || !isAbsolute(path))
    throw refusal(`files "${to}" must be bound to an absolute path`)
  return { power: 'files', to, path }
}

function listed(names: readonly string[], power: string): string {
  return names.length === 0 ? `no ${power}` : names.map((name) => `"${name}"`).join(', ')
}

function refusal(message: string): InstallError {
  return new InstallError('bad-request', message)
}
