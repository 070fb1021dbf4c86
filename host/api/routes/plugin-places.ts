import { Type } from 'typebox'
import { HostError } from '#host/errors.ts'
import type { PluginKind } from '#host/plugins/service.ts'
import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { nameParams } from '../schemas.ts'
import type { Services } from '../services.ts'

export const packageParams = Type.Object({ package: Type.String() })

export type Params = Readonly<Record<string, string | undefined>>

export interface Target {
  readonly kind: PluginKind
  readonly name: string
}

/** An address under which a plugin is found. */
export interface Place {
  /** Without what of it is wanted. */
  readonly url: string
  readonly params: typeof nameParams | typeof packageParams
  title(params: Params): string
  /** @throws HostError `not-found` */
  target(params: Params): Target
}

/** `/plugins/sinks/mysql`, and by package, or by the name of the only extension that has it, `/plugins/acme-mysql`. */
export function pluginPlaces(
  { plugins, tenant }: Services,
  kinds: Readonly<Record<string, PluginKind>>,
): Place[] {
  const byKind = Object.entries(kinds).map(([path, kind]): Place => {
    const what = (name: string) => `${path} plugin ${name}`
    return {
      url: `/plugins/${path}/:name`,
      params: nameParams,
      title: ({ name = '' }) => what(name),
      target: ({ name = '' }) => {
        if (plugins.describe(tenant, kind, name) !== undefined) return { kind, name }
        throw new HostError('not-found', `describe ${what(name)} error: not found`)
      },
    }
  })
  const byPackage: Place = {
    url: '/plugins/:package',
    params: packageParams,
    title: ({ package: name = '' }) => `plugin ${name}`,
    target: ({ package: name = '' }) => {
      const found = plugins.find(tenant, name)
      if (found !== undefined) return found
      const packages = plugins.packages(tenant).map((each) => each.package)
      const all = Object.values(kinds).flatMap((kind) => plugins.list(tenant, kind))
      const hint = didYouMean(nearest(name, new Set([...packages, ...all])))
      throw new HostError(
        'not-found',
        `plugin ${name} is not found: no package or plugin has this name${hint === undefined ? '' : `; ${hint}`}`,
      )
    },
  }
  return [...byKind, byPackage]
}
