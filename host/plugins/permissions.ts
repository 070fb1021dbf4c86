import { isIP } from 'node:net'
import Type, { type Static } from 'typebox'
import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { InstallError } from './errors.ts'

const MAX_QUOTA = 10 * 2 ** 30
/** Of a private folder for which the manifest says nothing. */
const DEFAULT_QUOTA = 2 ** 20

const quota = Type.Integer({
  minimum: 1,
  maximum: MAX_QUOTA,
  description: `bytes that the private folder may hold; ${DEFAULT_QUOTA} where nothing is said`,
})

/** The powers that a plugin asks for. All of it is asked, nothing is had: the operator grants. */
export const permissionsSchema = Type.Object(
  {
    network: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: 100,
        description:
          'exact origins, without a path: https://api.example.com, http://host:8080, wss://host, tcp://host:port, tls://host:port; https://*.example.com for hosts of public addresses below a name',
      }),
    ),
    files: Type.Optional(
      Type.Object(
        {
          quotaBytes: Type.Optional(quota),
          private: Type.Optional(
            Type.Union([
              Type.Literal(true),
              Type.Object({ quotaBytes: Type.Optional(quota) }, { additionalProperties: false }),
            ]),
          ),
          folders: Type.Optional(
            Type.Record(
              Type.String(),
              Type.Union([Type.Literal('read'), Type.Literal('write')], {
                description: '"write" reads, too',
              }),
              { description: 'folders that the operator binds to real paths, by name' },
            ),
          ),
        },
        {
          additionalProperties: false,
          description:
            'a private folder ("private", or "quotaBytes" alone), and folders of the operator',
        },
      ),
    ),
    secrets: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Za-z0-9_.-]{1,100}$' }), {
        maxItems: 100,
        description: 'names of secrets of the host',
      }),
    ),
  },
  { additionalProperties: false },
)

export type AskedPermissions = Static<typeof permissionsSchema>

/** What a manifest asks for, written in one way only. */
export interface Permissions {
  readonly network?: readonly string[] | undefined
  readonly files?:
    | {
        readonly private?: { readonly quotaBytes: number } | undefined
        readonly folders?: Readonly<Record<string, FolderAccess>> | undefined
      }
    | undefined
  readonly secrets?: readonly string[] | undefined
}

export type FolderAccess = 'read' | 'write'

const FOLDER_NAME = /^[A-Za-z0-9_-]{1,60}$/
/** `private` is the plugin's own folder, `etc` what came in its zip. */
const TAKEN = ['private', 'etc', '__proto__', 'constructor']

/** @throws InstallError `bad-manifest` naming what cannot be asked for */
export function readPermissions({ network, files, secrets }: AskedPermissions): Permissions {
  return {
    ...(network === undefined ? {} : { network: unique(network.map(readOrigin)) }),
    ...(files === undefined ? {} : { files: readFiles(files) }),
    ...(secrets === undefined ? {} : { secrets: unique(secrets) }),
  }
}

function readFiles(files: NonNullable<AskedPermissions['files']>): Permissions['files'] {
  const { quotaBytes, private: own, folders = {} } = files
  const hasPrivate = own !== undefined || quotaBytes !== undefined || files.folders === undefined
  const ownQuota = typeof own === 'object' ? own.quotaBytes : undefined
  for (const name of Object.keys(folders)) {
    if (FOLDER_NAME.test(name) && !TAKEN.includes(name)) continue
    throw bad(
      `plutino.permissions.files.folders: "${name.slice(0, 80)}" is no name for a folder; at most 60 letters, digits, "_" and "-", and not ${TAKEN.slice(0, 2).join(' or ')}`,
    )
  }
  return {
    ...(hasPrivate ? { private: { quotaBytes: ownQuota ?? quotaBytes ?? DEFAULT_QUOTA } } : {}),
    ...(Object.keys(folders).length > 0 ? { folders } : {}),
  }
}

const SCHEMES = ['https', 'http', 'wss', 'ws', 'tls', 'tcp']
/** What is granted by a pattern is held to public addresses by the host. */
const WILDCARD = /^\*\.[^*.]+\.[^*]+$/
const HOST = /^(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/

/**
 * An exact origin as it is compared: lower case, without the port that the scheme has anyway.
 *
 * @throws InstallError `bad-manifest`
 */
export function readOrigin(text: string): string {
  const who = `plutino.permissions.network: "${text.slice(0, 100)}"`
  const found = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)\/?$/i.exec(text)
  if (found === null) {
    throw bad(
      `${who} is no origin such as https://api.example.com or tcp://db:3306; it has a scheme, a host and a port, and no path`,
    )
  }
  const [, scheme = '', place = ''] = found
  const lower = scheme.toLowerCase()
  if (!SCHEMES.includes(lower)) {
    const hint = didYouMean(nearest(lower, SCHEMES), `there are ${SCHEMES.join(', ')}`)
    throw bad(`${who}: there is no scheme "${scheme.slice(0, 20)}"; ${hint}`)
  }
  if (place.includes('@')) throw bad(`${who}: a user and a password are no part of an origin`)
  const [host, port] = splitPlace(place.toLowerCase())
  if (host.includes('*') && !WILDCARD.test(host))
    throw bad(
      `${who}: a wildcard is the first part of a name of three parts at least, such as https://*.example.com`,
    )
  const isAddress = isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0
  const bare = host.replace(/\.$/, '')
  const name = bare.replace(/^\*\./, '')
  if (!isAddress && (!HOST.test(name) || bare.length > 253 || /^[\d.]+$/.test(bare)))
    throw bad(`${who}: "${host.slice(0, 80)}" is no name of a host`)
  if (port === '') {
    if (lower !== 'tcp' && lower !== 'tls') return `${lower}://${bare}`
    throw bad(`${who} needs a port, such as ${lower}://${bare}:3306`)
  }
  const number = Number(port)
  if (!/^\d{1,5}$/.test(port) || number < 1 || number > 65_535)
    throw bad(`${who}: "${port.slice(0, 20)}" is no port; 1 to 65535 are`)
  return number === ownPort(lower) ? `${lower}://${bare}` : `${lower}://${bare}:${number}`
}

function splitPlace(place: string): [host: string, port: string] {
  const [, host = place, port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(place) ?? []
  return [host, port]
}

function ownPort(scheme: string): number | undefined {
  if (scheme === 'https' || scheme === 'wss') return 443
  return scheme === 'http' || scheme === 'ws' ? 80 : undefined
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}

function bad(message: string): InstallError {
  return new InstallError('bad-manifest', `package.json ${message}`)
}
