import type { PluginRecord, PluginRecords } from '#host/catalog/plugins.ts'
import type { PluginUse } from '#src/plan/plan.ts'
import type { PluginCode } from '#src/worker/protocol.ts'
import { Admission, type AdmissionRules } from './admission.ts'
import { type DownloadOptions, download } from './download.ts'
import { InstallError } from './errors.ts'
import { type Grant, mergeGrants, type Permissions, readGrants } from './grants.ts'
import { codeOf, notesOf, recordsOf } from './installation.ts'
import { detailsOf, type Inspection, InstalledPlugins } from './installed.ts'
import type { Extension, PackageContent } from './layout.ts'
import type { Prepared } from './prepare.ts'
import type {
  InstallRequest,
  InstallResult,
  PluginDescription,
  PluginKind,
  PluginService,
  ResolvedPlugin,
} from './service.ts'
import { PackageStore, type StoredScript } from './store.ts'
import { Utility } from './utility.ts'
import { compareVersions } from './version.ts'
import { placeYaml, removeYaml } from './yaml-file.ts'

export interface PluginHostOptions extends AdmissionRules {
  readonly records: PluginRecords
  readonly dataFolder: string
  readonly etcFolder: string
  readonly hostVersion: string
  readonly download: DownloadOptions
  /** Loads an extension in a sandbox and checks that it has its kind's methods. @throws Error naming what is missing */
  inspect(codes: readonly PluginCode[]): Promise<readonly Inspection[]>
  /** Resolves when the records survive a power failure. */
  durable(): Promise<void>
}

/** Installs, finds and removes plugins. An installation shows up whole or not at all. */
export class PluginHost implements PluginService {
  readonly #options: PluginHostOptions
  readonly #installed: InstalledPlugins
  readonly #store: PackageStore
  readonly #admission: Admission
  readonly #utility = new Utility()
  readonly #closing = new AbortController()
  /** One change at a time: two installations of one name must not meet. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: PluginHostOptions) {
    this.#options = options
    this.#installed = new InstalledPlugins(options.records)
    this.#store = new PackageStore(options.dataFolder)
    this.#admission = new Admission(this.#installed, options)
  }

  /** Clears away what a killed installation left. */
  async open(): Promise<void> {
    await this.#store.sweep((tenant) => this.#installed.records(tenant).map(({ path }) => path))
  }

  /** A download in progress is given up. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#turn.catch(() => {})
    await this.#utility.close()
  }

  list(tenant: string, kind: PluginKind): readonly string[] {
    return this.#installed.names(tenant, kind)
  }

  describe(tenant: string, kind: PluginKind, name: string): PluginDescription | undefined {
    const versions = this.#installed.named(tenant, kind, name)
    const [record] = versions
    if (record === undefined) return undefined
    const details = detailsOf(record)
    return {
      name,
      version: record.version,
      ...(kind === 'function' ? { functions: record.names } : {}),
      package: record.package,
      versions: versions.map(({ version }) => version),
      tier: record.tier,
      sha256: record.sha256,
      file: details.url,
      grants: { asked: record.asked, given: record.given },
      rules: this.#users(tenant, kind, name, versions),
      ...(details.hasInstallScript
        ? { installScript: 'the zip holds an install.sh, which is never run' }
        : {}),
    }
  }

  resolve(
    tenant: string,
    kind: PluginKind,
    name: string,
    range?: string | undefined,
  ): ResolvedPlugin | undefined {
    const found = this.#installed.find(tenant, kind, name, range)
    if (found === undefined) return undefined
    const { record, extension } = found
    const use = { kind, name, package: record.package, version: record.version, tier: record.tier }
    return { use, isAggregate: extension.isAggregate }
  }

  async load(tenant: string, use: PluginUse): Promise<PluginCode> {
    const { kind, name, version } = use
    const { record, details, extension } = this.#installed.exactly(tenant, kind, name, version)
    const script = details.scripts.find(({ file }) => file === extension.file) as StoredScript
    try {
      const text = await this.#store.read(record.path, script)
      return codeOf(record, extension, { text, sha256: script.sha256 })
    } catch (error) {
      // Replaced while it was read: the files are others now.
      const now = this.#installed.versions(tenant, kind, name)
      if (now.some(({ path }) => path === record.path)) throw error
      return this.load(tenant, use)
    }
  }

  install(tenant: string, kind: PluginKind, request: InstallRequest): Promise<InstallResult> {
    return this.#alone(() => this.#install(tenant, kind, request, 'new'))
  }

  replace(tenant: string, kind: PluginKind, request: InstallRequest): Promise<InstallResult> {
    return this.#alone(() => this.#install(tenant, kind, request, 'replace'))
  }

  remove(tenant: string, kind: PluginKind, name: string): Promise<void> {
    return this.#alone(async () => {
      const versions = this.#installed.named(tenant, kind, name)
      if (versions.length === 0) throw this.#admission.unknown(tenant, kind, name)
      const gone = this.#installed.together(tenant, versions)
      this.#admission.refuseUsed(tenant, gone)
      await this.#record(tenant, [], gone)
      await removeYaml(
        this.#options.etcFolder,
        gone.map((record) => detailsOf(record).yaml),
      )
    })
  }

  grant(
    tenant: string,
    kind: PluginKind,
    name: string,
    grants: unknown,
  ): Promise<readonly string[]> {
    return this.#alone(async () => {
      const versions = this.#installed.named(tenant, kind, name)
      const [newest] = versions
      if (newest === undefined) throw this.#admission.unknown(tenant, kind, name)
      const more = readGrants(`${kind} "${name}"`, newest.asked as Permissions, grants)
      const changed = this.#installed
        .together(tenant, [newest])
        .map((record) => ({ ...record, given: mergeGrants(record.given as Grant[], more) }))
      await this.#record(tenant, changed, [])
      return [GRANTS_WAIT]
    })
  }

  register(tenant: string, name: string, functions: readonly string[]): Promise<void> {
    return this.#alone(async () => {
      const [record] = this.#installed.named(tenant, 'function', name)
      if (record === undefined) throw this.#admission.unknown(tenant, 'function', name)
      if (functions.length === 0)
        throw new InstallError('bad-request', "property 'functions' must not be empty")
      const details = detailsOf(record)
      const [first] = details.extensions.filter((each) => each.kind === 'function')
      const missing = [...new Set(functions)].filter((each) => !record.names.includes(each))
      if (first === undefined || missing.length === 0) return
      for (const each of missing) {
        this.#admission.checkName('function', each)
        if (this.#installed.versions(tenant, 'function', each).length > 0)
          throw new InstallError('duplicate', `function name ${each} already exists`)
      }
      const more = missing.map(
        (each): Extension => ({ kind: 'function', name: each, file: first.file, export: each }),
      )
      const script = details.scripts.find(({ file }) => file === first.file) as StoredScript
      const text = await this.#store.read(record.path, script)
      const inspected = await this.#inspect(more, record, () => ({ text, sha256: script.sha256 }))
      const extensions = [...details.extensions, ...inspected]
      const names = [...record.names, ...missing]
      await this.#record(tenant, [{ ...record, names, details: { ...details, extensions } }], [])
    })
  }

  async #install(
    tenant: string,
    kind: PluginKind,
    request: InstallRequest,
    mode: 'new' | 'replace',
  ): Promise<InstallResult> {
    const { name, file, functions, shellParas } = request
    if (shellParas !== undefined && shellParas.length > 0) {
      throw new InstallError(
        'bad-request',
        'shellParas is refused: no script of a plugin is ever run; put what the plugin needs into its zip',
      )
    }
    this.#admission.checkName(kind, name)
    const versions = this.#installed.named(tenant, kind, name)
    if (mode === 'replace' && versions.length === 0)
      throw this.#admission.unknown(tenant, kind, name)
    const zip = await download(file, this.#options.download, this.#closing.signal)
    const wanted = { kind, name, functions }
    const { hostVersion, etcFolder } = this.#options
    const prepared = await this.#utility.prepare({ zip, wanted, hostVersion }).catch(asFailed)
    const { content } = prepared
    const older = mode === 'new' ? [] : this.#superseded(tenant, versions, content)
    this.#admission.checkContent(tenant, content, older)
    const scripts = new Map(prepared.scripts.map((script) => [script.file, script]))
    const extensions = await this.#inspect(
      content.extensions,
      content,
      (path) => scripts.get(path) ?? { text: '', sha256: '' },
    )
    const given = mode === 'new' ? [] : ((versions[0]?.given ?? []) as Grant[])
    const brought = this.#installed
      .records(tenant)
      .filter((record) => record.package === content.package)
      .map((record) => detailsOf(record).yaml)
    const stored = await this.#write(tenant, prepared)
    const records = recordsOf({ prepared, stored, extensions, url: file, given })
    await this.#record(tenant, records, older, stored.path)
    const notes = [
      ...(await placeYaml(etcFolder, content.yaml, brought)),
      ...notesOf(content, given, { kind, name }),
    ]
    const higher = older.filter(({ version }) => version !== content.version)
    for (const version of new Set(higher.map((record) => record.version)))
      notes.push(`version ${version} was removed, which would have been used in its place`)
    return {
      package: content.package,
      version: content.version,
      names: content.extensions.map((extension) => extension.name),
      notes,
    }
  }

  /** What has to go so that the new version is the one that is used: the same version, and higher ones. Lower ones stay for rules that name them. */
  #superseded(
    tenant: string,
    versions: readonly PluginRecord[],
    content: PackageContent,
  ): PluginRecord[] {
    const higher = versions.filter(
      (record) =>
        record.package === content.package && compareVersions(record.version, content.version) >= 0,
    )
    const gone = this.#installed.together(tenant, higher)
    const lost = gone.map((record) => ({
      ...record,
      names: record.names.filter(
        (name) =>
          !content.extensions.some((each) => each.kind === record.kind && each.name === name),
      ),
    }))
    this.#admission.refuseUsed(tenant, lost)
    return gone
  }

  #write(tenant: string, prepared: Prepared): ReturnType<PackageStore['write']> {
    return this.#store.write(tenant, prepared).catch((error: Error) => {
      throw new InstallError(
        'bad-plugin',
        `fail to install plugin: its files could not be written to the data folder: ${error.message}`,
        { cause: error },
      )
    })
  }

  /** One step in the catalog; folders that nothing names any more go afterwards. */
  async #record(
    tenant: string,
    records: readonly PluginRecord[],
    gone: readonly PluginRecord[],
    written?: string | undefined,
  ): Promise<void> {
    try {
      this.#options.records.put(tenant, records, gone)
    } catch (error) {
      if (written !== undefined) await this.#store.remove(written)
      throw error
    } finally {
      this.#installed.forget(tenant)
    }
    await this.#options.durable()
    const kept = new Set(this.#installed.records(tenant).map(({ path }) => path))
    for (const path of new Set(gone.map((record) => record.path)))
      if (!kept.has(path)) await this.#store.remove(path)
  }

  #users(
    tenant: string,
    kind: PluginKind,
    name: string,
    versions: readonly PluginRecord[],
  ): readonly string[] {
    const { usedBy } = this.#options
    const isAlias = !versions.some(({ names }) => names.includes(name))
    if (!isAlias) return usedBy(tenant, kind, name)
    const names = new Set(versions.flatMap((record) => record.names))
    return [...new Set([...names].flatMap((each) => usedBy(tenant, kind, each)))].sort()
  }

  async #inspect(
    extensions: readonly Extension[],
    from: { readonly package: string; readonly version: string },
    script: (file: string) => { readonly text: string; readonly sha256: string },
  ): Promise<(Extension & Inspection)[]> {
    const codes = extensions.map((extension) => codeOf(from, extension, script(extension.file)))
    const found = await this.#options.inspect(codes).catch((error: Error) => {
      throw new InstallError(
        'bad-plugin',
        `fail to install plugin: package "${from.package}": ${error.message}`,
        { cause: error },
      )
    })
    return extensions.map((extension, i) => ({
      ...extension,
      isAggregate: found[i]?.isAggregate ?? false,
    }))
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}

/** Said as long as no facade serves a plugin with network, files or secrets. */
const GRANTS_WAIT =
  'the grant is kept; this version of the host has no network, files or secrets for sandboxed plugins yet'

function asFailed(error: unknown): never {
  if (!(error instanceof InstallError)) throw error
  throw new InstallError(error.code, `fail to install plugin: ${error.message}`, { cause: error })
}
