import type { PluginRecord, PluginRecords } from '#host/catalog/plugins.ts'
import type { PluginUse } from '#src/plan/plan.ts'
import { InstallError } from './errors.ts'
import type { Extension } from './layout.ts'
import type { PluginKind } from './service.ts'
import type { StoredScript } from './store.ts'
import { chooseVersion, compareVersions } from './version.ts'
import type { YamlDigests } from './yaml-file.ts'

/** What an installation found out by loading an extension once, in a sandbox. */
export interface Inspection {
  readonly isAggregate: boolean
  /** As `PluginUse.rewinds`; missing in records of servers that did not ask. */
  readonly rewinds?: boolean | undefined
  /** A function that checks how it is called; missing in records of servers that did not ask. */
  readonly validates?: boolean | undefined
}

/** What the catalog keeps of a package beside its columns. */
export interface InstalledDetails {
  readonly url: string
  readonly extensions: readonly (Extension & Inspection)[]
  readonly scripts: readonly StoredScript[]
  readonly hasInstallScript: boolean
  /** Kuiper's name of a function plugin, where its functions have others. */
  readonly alias?: string | undefined
  /** The yaml of sources that came in the zip. */
  readonly yaml: YamlDigests
  /** The zip had files in `etc/`, which lie in the package's folder. */
  readonly hasEtc?: boolean | undefined
  /** The file in the drop-in folder that it came from. */
  readonly dropIn?: string | undefined
  /** Who signed it. */
  readonly signer?: string | undefined
  /** The version that it was, before another took its place while rules held it. */
  readonly superseded?: string | undefined
}

/** One extension in one version. */
export interface InstalledExtension {
  readonly record: PluginRecord
  readonly details: InstalledDetails
  readonly extension: Extension & Inspection
}

/** Looks up what is installed. All of it is in memory after the first look: planning is synchronous. */
export class InstalledPlugins {
  readonly #records: PluginRecords
  readonly #known = new Map<string, readonly PluginRecord[]>()

  constructor(records: PluginRecords) {
    this.#records = records
  }

  /** The records of a tenant changed. */
  forget(tenant: string): void {
    this.#known.delete(tenant)
  }

  records(tenant: string): readonly PluginRecord[] {
    let known = this.#known.get(tenant)
    if (known === undefined) {
      known = this.#records.list(tenant)
      this.#known.set(tenant, known)
    }
    return known
  }

  /** Without those that only rules still hold. */
  current(tenant: string): PluginRecord[] {
    return this.records(tenant).filter((record) => detailsOf(record).superseded === undefined)
  }

  names(tenant: string, kind: PluginKind): string[] {
    const names = this.current(tenant)
      .filter((record) => record.kind === kind)
      .flatMap((record) => record.names)
    return [...new Set(names)].sort()
  }

  /** All versions of an extension that are installed, the newest first. */
  versions(tenant: string, kind: PluginKind, name: string): PluginRecord[] {
    return this.current(tenant)
      .filter((record) => record.kind === kind && record.names.includes(name))
      .sort((a, b) => compareVersions(b.version, a.version))
  }

  /** As `versions`, by the name under which it was installed too. */
  named(tenant: string, kind: PluginKind, name: string): PluginRecord[] {
    const versions = this.versions(tenant, kind, name)
    if (versions.length > 0) return versions
    return this.current(tenant)
      .filter((record) => record.kind === kind && detailsOf(record).alias === name)
      .sort((a, b) => compareVersions(b.version, a.version))
  }

  /** All versions and kinds of a package, the newest first. */
  ofPackage(tenant: string, name: string): PluginRecord[] {
    return this.records(tenant)
      .filter((record) => record.package === name)
      .sort((a, b) => compareVersions(b.version, a.version))
  }

  /** Everything that came in the same zips as these. */
  together(tenant: string, some: readonly PluginRecord[]): PluginRecord[] {
    const paths = some.map(({ path }) => path)
    return this.records(tenant).filter(({ path }) => paths.includes(path))
  }

  /** All versions of a package, or of the only package that has an extension of this name. */
  byWord(tenant: string, word: string): PluginRecord[] {
    const all = this.current(tenant)
    const found = all.filter((record) => record.package === word)
    const named = found.length > 0 ? found : all.filter(({ names }) => names.includes(word))
    const packages = new Set(named.map((record) => record.package))
    if (packages.size > 1)
      throw new InstallError(
        'bad-request',
        `packages ${[...packages].join(', ')} have a plugin "${word}"; say which by the package's name`,
      )
    return named.sort((a, b) => compareVersions(b.version, a.version))
  }

  find(
    tenant: string,
    kind: PluginKind,
    name: string,
    range?: string | undefined,
    lock?: PluginUse | undefined,
  ): InstalledExtension | undefined {
    const locked = lock && this.#same(tenant, lock)
    if (locked !== undefined) return extensionOf(locked, kind, name)
    const versions = this.versions(tenant, kind, name)
    const version = chooseVersion(
      versions.map((record) => record.version),
      range,
    )
    const record = versions.find((candidate) => candidate.version === version)
    return record === undefined ? undefined : extensionOf(record, kind, name)
  }

  /** @throws InstallError `unknown-plugin` when exactly this version is gone */
  exactly(tenant: string, use: PluginUse): InstalledExtension {
    const { kind, name, version } = use
    const record = this.#same(tenant, use)
    if (record === undefined) {
      throw new InstallError(
        'unknown-plugin',
        `${kind} plugin "${name}" version "${version}" is not installed any more`,
      )
    }
    return extensionOf(record, kind, name)
  }

  /** The same zip; where that was replaced, what has its version now. */
  #same(tenant: string, use: PluginUse): PluginRecord | undefined {
    const { kind, name, package: from, version, tier, sha256 } = use
    const all = this.records(tenant).filter(
      (record) => record.kind === kind && record.package === from && record.names.includes(name),
    )
    return (
      all.find((record) => record.sha256 === sha256 && record.tier === tier) ??
      all.find((record) => record.version === version)
    )
  }
}

function extensionOf(record: PluginRecord, kind: PluginKind, name: string): InstalledExtension {
  const details = detailsOf(record)
  const extension = details.extensions.find(
    (candidate) => candidate.kind === kind && candidate.name === name,
  )
  if (extension === undefined)
    throw new InstallError(
      'unknown-plugin',
      `the catalog's record of package "${record.package}" lacks ${kind} "${name}"; install it again`,
    )
  return { record, details, extension }
}

export function detailsOf(record: PluginRecord): InstalledDetails {
  return record.details as InstalledDetails
}
