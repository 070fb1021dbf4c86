import type { PluginRecord } from '#host/catalog/plugins.ts'
import type { GrantedFiles, PluginPowers } from '#host/cell/cell.ts'
import { findSecret } from '#host/config/secrets.ts'
import type { PluginUse } from '#src/plan/plan.ts'
import { askedBy, grantCall, policyCall } from './grant-book.ts'
import { askedFor, type Grant, isFolder, nameOfGrant, withoutGrants } from './grants.ts'
import { detailsOf } from './installed.ts'
import type { Permissions } from './permissions.ts'

export interface PowersOptions {
  readonly record: PluginRecord
  readonly grants: readonly Grant[]
  readonly use: PluginUse
  /** The plugin's private folder. */
  readonly folder: string
  /** What came in the zip's `etc/`; `undefined`: nothing. */
  readonly etc: string | undefined
  readonly secrets: ReadonlyMap<string, string>
}

/** Grants as a cell takes them: real paths, quotas and values instead of names. */
export function powersOf(options: PowersOptions): PluginPowers {
  const { record, grants, use } = options
  const asked = askedBy(record)
  const named = (power: Grant['power']) => grants.filter((grant) => grant.power === power)
  return {
    network: named('network').map(({ to }) => to),
    files: filesOf(options, asked),
    secrets: Object.fromEntries(
      named('secrets').flatMap(({ to }) => {
        const value = findSecret(to, options.secrets)
        return value === undefined ? [] : [[to, value]]
      }),
    ),
    unset: named('secrets')
      .map(({ to }) => to)
      .filter((name) => findSecret(name, options.secrets) === undefined),
    asked: withoutGrants(askedFor(asked), grants).map(nameOfGrant),
    grantCall:
      detailsOf(record).dropIn === undefined
        ? grantCall(use.kind, use.name)
        : policyCall(use.package),
  }
}

function filesOf({ grants, folder, etc }: PowersOptions, { files }: Permissions): GrantedFiles {
  const has = grants.some(({ power, to }) => power === 'files' && to === 'private')
  const own = has ? files?.private : undefined
  const folders = grants.filter(isFolder).flatMap(({ to, path }) => {
    const access = files?.folders?.[to]
    return access === undefined || path === undefined ? [] : [[to, { path, access }] as const]
  })
  return {
    ...(own === undefined ? {} : { private: { path: folder, quotaBytes: own.quotaBytes } }),
    folders: {
      ...Object.fromEntries(folders),
      ...(etc === undefined ? {} : { etc: { path: etc, access: 'read' as const } }),
    },
  }
}
