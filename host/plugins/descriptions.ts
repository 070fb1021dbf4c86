import type { PluginRecord } from '#host/catalog/plugins.ts'
import type { Admission } from './admission.ts'
import type { GrantBook } from './grant-book.ts'
import { detailsOf, type InstalledPlugins } from './installed.ts'
import type { PackageDescription, PluginDescription, PluginKind, VersionUse } from './service.ts'
import { isSuperseded } from './superseded.ts'
import { compareVersions } from './version.ts'

/** What operators see of what is installed. */
export class Descriptions {
  readonly #installed: InstalledPlugins
  readonly #admission: Admission
  readonly #grants: GrantBook

  constructor(installed: InstalledPlugins, admission: Admission, grants: GrantBook) {
    this.#installed = installed
    this.#admission = admission
    this.#grants = grants
  }

  plugin(tenant: string, kind: PluginKind, name: string): PluginDescription | undefined {
    const versions = this.#installed.named(tenant, kind, name)
    const [record] = versions
    if (record === undefined) return undefined
    const details = detailsOf(record)
    const extension = details.extensions.find((each) => each.kind === kind && each.name === name)
    return {
      name,
      version: record.version,
      ...(kind === 'function' ? { functions: record.names } : {}),
      package: record.package,
      versions: versions.map(({ version }) => version),
      tier: record.tier,
      sha256: record.sha256,
      file: details.url,
      grants: this.#grants.describe(record),
      rules: this.#admission.usersOfName(tenant, kind, namesOf(versions, name)),
      uses: this.#uses(tenant, record.package, (each) => each.kind === kind),
      ...(extension?.options === undefined ? {} : { options: extension.options }),
      ...(details.signer === undefined ? {} : { signer: details.signer }),
      ...(details.dropIn === undefined ? {} : { dropIn: details.dropIn }),
      ...(details.hasInstallScript
        ? { installScript: 'the zip holds an install.sh, which is never run' }
        : {}),
    }
  }

  packages(tenant: string): readonly PackageDescription[] {
    const byPath = new Map<string, PluginRecord>()
    for (const record of this.#installed.current(tenant)) byPath.set(record.path, record)
    return [...byPath.values()]
      .sort(
        (a, b) => a.package.localeCompare(b.package, 'en') || compareVersions(b.version, a.version),
      )
      .map((record) => this.#version(tenant, record))
  }

  /** Its versions, the newest first, then those that only rules still hold. */
  versions(tenant: string, packageName: string): readonly PackageDescription[] {
    const own = this.packages(tenant).filter((each) => each.package === packageName)
    const held = new Map<string, PluginRecord>()
    for (const record of this.#installed.records(tenant))
      if (record.package === packageName && isSuperseded(record)) held.set(record.path, record)
    return [...own, ...[...held.values()].map((record) => this.#version(tenant, record))]
  }

  #version(tenant: string, record: PluginRecord): PackageDescription {
    const { extensions, dropIn, superseded, signer, url } = detailsOf(record)
    return {
      package: record.package,
      version: record.version,
      tier: record.tier,
      extensions: extensions.map(({ kind, name, options }) => ({
        kind,
        name,
        ...(options === undefined ? {} : { options }),
      })),
      grants: this.#grants.describe(record),
      sha256: record.sha256,
      file: url,
      rules: this.#admission.usersOf(tenant, this.#installed.together(tenant, [record])),
      ...(signer === undefined ? {} : { signer }),
      ...(superseded === undefined ? {} : { superseded: true }),
      ...(dropIn === undefined ? {} : { dropIn }),
    }
  }

  /** Which rules hold which version. */
  #uses(tenant: string, name: string, isMeant: (record: PluginRecord) => boolean): VersionUse[] {
    return this.#installed
      .records(tenant)
      .filter((record) => record.package === name && isMeant(record))
      .map((record) => ({
        version: record.version,
        rules: this.#admission.usersOf(tenant, [record]),
      }))
      .filter(({ rules }) => rules.length > 0)
  }
}

/** A function plugin may be asked for by the name of its package in Kuiper's layout. */
function namesOf(versions: readonly PluginRecord[], name: string): readonly string[] {
  const isAlias = !versions.some(({ names }) => names.includes(name))
  return isAlias ? [...new Set(versions.flatMap((record) => record.names))] : [name]
}
