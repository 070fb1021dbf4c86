import type { PluginRecord } from '#host/catalog/plugins.ts'
import { nearest } from '#src/sql/near.ts'
import { InstallError } from './errors.ts'
import type { InstalledPlugins } from './installed.ts'
import type { PackageContent } from './layout.ts'
import type { PluginKind } from './service.ts'

/** What stands around plugins. */
export interface AdmissionRules {
  /** The names of what is built in: no plugin may take one. */
  builtIn(kind: PluginKind, name: string): boolean
  /** The rules that hold an extension, in any version or in that of a zip with this digest. */
  usedBy(
    tenant: string,
    kind: PluginKind,
    name: string,
    sha256?: string | undefined,
  ): readonly string[]
}

const MAX_NAME = 100

/** Refuses what must not be installed or removed beside what is there. */
export class Admission {
  readonly #installed: InstalledPlugins
  readonly #rules: AdmissionRules

  constructor(installed: InstalledPlugins, rules: AdmissionRules) {
    this.#installed = installed
    this.#rules = rules
  }

  checkName(kind: PluginKind, name: string): void {
    if (name === '') throw new InstallError('bad-request', 'invalid name : should not be empty')
    if (!/^[a-zA-Z0-9_-]+$/.test(name) || name.length > MAX_NAME)
      throw new InstallError(
        'bad-request',
        `invalid name ${name.slice(0, 80)}: it must consist of at most ${MAX_NAME} letters, digits, _ and -`,
      )
    if (this.#rules.builtIn(kind, name)) throw duplicate(name, `a ${kind} of this name is built in`)
  }

  /** @param gone what goes when this comes */
  checkContent(tenant: string, content: PackageContent, gone: readonly PluginRecord[]): void {
    const { package: from, version } = content
    const present = this.#installed.records(tenant).filter((record) => !gone.includes(record))
    for (const { kind, name } of content.extensions) {
      this.checkName(kind, name)
      for (const record of present) {
        if (record.kind !== kind || !record.names.includes(name)) continue
        if (record.package !== from)
          throw duplicate(
            name,
            `package "${record.package}" brings a ${kind} of this name already; remove that one first`,
          )
        if (record.version === version)
          throw duplicate(
            name,
            `version "${version}" of package "${from}" is installed; PUT replaces it`,
          )
      }
      if (present.some((r) => r.package === from && r.version === version && r.kind === kind))
        throw duplicate(
          name,
          `another zip of package "${from}", version "${version}", is installed with other ${kind}s; give this one another version`,
        )
    }
  }

  /** The rules that hold something of these. */
  usersOf(tenant: string, records: readonly PluginRecord[]): string[] {
    const users = records.flatMap(({ kind, names, sha256 }) =>
      names.flatMap((name) => this.#rules.usedBy(tenant, kind, name, sha256)),
    )
    return [...new Set(users)].sort()
  }

  /** In whichever version. */
  usersOfName(tenant: string, kind: PluginKind, names: readonly string[]): string[] {
    return [...new Set(names.flatMap((name) => this.#rules.usedBy(tenant, kind, name)))].sort()
  }

  /**
   * @param wayOut beside stopping the rules, if there is one
   * @throws InstallError `in-use`
   */
  refuseUsed(tenant: string, gone: readonly PluginRecord[], wayOut = ''): void {
    for (const { kind, names, sha256 } of gone) {
      for (const name of names) {
        const rules = this.#rules.usedBy(tenant, kind, name, sha256)
        if (rules.length === 0) continue
        throw new InstallError(
          'in-use',
          `${kind} plugin "${name}" is used by ${rules.length === 1 ? 'rule' : 'rules'} ${rules.join(', ')}; stop or change ${rules.length === 1 ? 'it' : 'them'} first${wayOut}`,
        )
      }
    }
  }

  unknown(tenant: string, kind: PluginKind, name: string): InstallError {
    const near = nearest(name, this.#installed.names(tenant, kind))
    return new InstallError(
      'unknown-plugin',
      `invalid name ${name}: not exist${near === undefined ? '' : `; did you mean "${near}"?`}`,
    )
  }
}

/** Kuiper's sentence. */
function duplicate(name: string, why: string): InstallError {
  return new InstallError('duplicate', `invalid name ${name}: duplicate; ${why}`)
}
