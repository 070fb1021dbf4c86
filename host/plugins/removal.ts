import type { PluginRecord } from '#host/catalog/plugins.ts'
import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import type { Admission } from './admission.ts'
import { InstallError } from './errors.ts'
import { detailsOf, type InstalledPlugins } from './installed.ts'
import type { InstallerParts } from './installer.ts'
import type { PluginKind, RemovedVersion } from './service.ts'
import { isSuperseded } from './superseded.ts'
import { compareVersions, normalVersion } from './version.ts'
import { removeYaml } from './yaml-file.ts'

export interface RemovalOptions {
  readonly installed: InstalledPlugins
  readonly admission: Admission
  readonly etcFolder: string
  readonly record: InstallerParts['record']
}

/** Takes away what is installed, as long as no rule holds it. */
export class Removal {
  readonly #options: RemovalOptions

  constructor(options: RemovalOptions) {
    this.#options = options
  }

  /** All versions of an extension, with what came in the same zips. @throws InstallError */
  async byName(tenant: string, kind: PluginKind, name: string): Promise<void> {
    const { installed, admission } = this.#options
    const versions = installed.named(tenant, kind, name)
    if (versions.length === 0) throw admission.unknown(tenant, kind, name)
    const gone = installed.together(tenant, versions)
    refuseDropIns(gone, 'remove that file')
    await this.remove(tenant, gone)
    await this.prune(tenant, false)
  }

  /** @throws InstallError */
  async byPackage(
    tenant: string,
    name: string,
    version?: string | undefined,
  ): Promise<readonly RemovedVersion[]> {
    const gone = this.versions(tenant, name, version)
    refuseDropIns(gone, 'remove that file')
    await this.remove(tenant, gone)
    return titlesOf(gone)
  }

  /** @throws InstallError `unknown-plugin`, with what there is */
  versions(tenant: string, name: string, version?: string | undefined): PluginRecord[] {
    const all = this.#options.installed.records(tenant)
    const own = all.filter((record) => record.package === name)
    if (own.length === 0) {
      const hint = didYouMean(nearest(name, new Set(all.map((record) => record.package))))
      throw new InstallError(
        'unknown-plugin',
        `package "${name}" is not installed${hint === undefined ? '' : `; ${hint}`}`,
      )
    }
    if (version === undefined) return own
    const exact = own.filter((record) => record.version === normalVersion(version))
    if (exact.length > 0) return exact
    const there = [...new Set(own.map((record) => `"${record.version}"`))].join(', ')
    throw new InstallError(
      'unknown-plugin',
      `version "${version}" of package "${name}" is not installed; there is ${there}`,
    )
  }

  /** @throws InstallError `in-use` */
  async remove(tenant: string, gone: readonly PluginRecord[]): Promise<void> {
    const { admission, etcFolder, installed, record } = this.#options
    admission.refuseUsed(tenant, gone, ', or add ?force=true')
    await record(tenant, [], gone)
    const left = new Set(installed.records(tenant).map((each) => each.package))
    const yaml = gone.filter((each) => !left.has(each.package)).map((each) => detailsOf(each).yaml)
    await removeYaml(etcFolder, yaml)
  }

  async prune(tenant: string, all: boolean): Promise<readonly RemovedVersion[]> {
    const { installed, admission, record } = this.#options
    const unused = installed.records(tenant).filter((each) => {
      if (!isSuperseded(each) && !(all && this.#isOld(tenant, each))) return false
      return admission.usersOf(tenant, installed.together(tenant, [each])).length === 0
    })
    if (unused.length > 0) await record(tenant, [], unused)
    return titlesOf(unused)
  }

  /** A newer version of the package is installed; one from a drop-in folder goes with its file. */
  #isOld(tenant: string, record: PluginRecord): boolean {
    if (detailsOf(record).dropIn !== undefined) return false
    return this.#options.installed
      .current(tenant)
      .some(
        (each) =>
          each.package === record.package && compareVersions(each.version, record.version) > 0,
      )
  }
}

/** What lies in a drop-in folder is changed there: otherwise the next look would undo it. */
export function refuseDropIns(records: readonly PluginRecord[], wayOut: string): void {
  for (const record of records) {
    const { dropIn } = detailsOf(record)
    if (dropIn === undefined) continue
    throw new InstallError(
      'bad-request',
      `package "${record.package}" came from plugins/${dropIn}: ${wayOut}`,
    )
  }
}

function titlesOf(gone: readonly PluginRecord[]): RemovedVersion[] {
  const byPath = new Map(gone.map((record) => [record.path, record]))
  return [...byPath.values()].map(({ package: name, version }) => ({ package: name, version }))
}
