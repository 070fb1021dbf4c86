import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditNote } from '#host/catalog/plugin-audit.ts'
import type { PluginRecord, PluginRecords } from '#host/catalog/plugins.ts'
import type { PluginPowers } from '#host/cell/cell.ts'
import type { Plan, PluginUse } from '#src/plan/plan.ts'
import type { PluginCode } from '#src/worker/protocol.ts'
import { Admission, type AdmissionRules } from './admission.ts'
import { AuthorLines } from './author-lines.ts'
import { checkCalls } from './call-check.ts'
import { Descriptions } from './descriptions.ts'
import { dropInFolders } from './drop-in-files.ts'
import { DropIns } from './drop-ins.ts'
import { FolderWatch } from './folder-watch.ts'
import { GrantBook } from './grant-book.ts'
import { GrantPolicy, PolicyWatch } from './grant-policy.ts'
import { codeOf } from './installation.ts'
import { InstalledPlugins } from './installed.ts'
import { Installer, type InstallerOptions, type Wish } from './installer.ts'
import { powersOf } from './powers.ts'
import { cancelled, type InstallRun } from './progress.ts'
import { Removal, refuseDropIns } from './removal.ts'
import type {
  DropInReport,
  InstallRequest,
  InstallResult,
  PackageDescription,
  PackagePreview,
  PackageRequest,
  PluginDescription,
  PluginKind,
  PluginService,
  RemovedVersion,
  ResolvedPlugin,
  WatchHooks,
} from './service.ts'
import { PackageStore, type StoredScript } from './store.ts'
import { Turns, textOfGrants, titleOf } from './turns.ts'
import { Utility } from './utility.ts'

export interface PluginHostOptions extends AdmissionRules, InstallerOptions {
  readonly records: PluginRecords
  readonly dataFolder: string
  /** Values of secrets by name; read when a rule starts. @default none */
  readonly secrets?: (() => Promise<ReadonlyMap<string, string>>) | undefined
  /** Told what was done to plugins, well or badly. @default nobody is */
  readonly audit?: ((tenant: string, note: AuditNote) => void) | undefined
  /** Resolves when the records survive a power failure. */
  durable(): Promise<void>
}

/** Installs, finds and removes plugins. An installation shows up whole or not at all. */
export class PluginHost implements PluginService {
  readonly #options: PluginHostOptions
  readonly #installed: InstalledPlugins
  readonly #store: PackageStore
  readonly #lines: AuthorLines
  readonly #admission: Admission
  readonly #policy: GrantPolicy
  readonly #grants: GrantBook
  readonly #installer: Installer
  readonly #removal: Removal
  readonly #descriptions: Descriptions
  readonly #utility = new Utility()
  readonly #turns: Turns
  readonly #closing = new AbortController()
  readonly #watches: FolderWatch[] = []
  #dropIns: DropIns | undefined

  constructor(options: PluginHostOptions) {
    this.#options = options
    this.#turns = new Turns(options.audit)
    this.#installed = new InstalledPlugins(options.records)
    this.#store = new PackageStore(options.dataFolder)
    this.#lines = new AuthorLines({
      records: (tenant) => this.#installed.records(tenant),
      file: (folder, name) => join(options.dataFolder, folder, name),
    })
    this.#admission = new Admission(this.#installed, options)
    this.#policy = new GrantPolicy(options.etcFolder)
    this.#grants = new GrantBook(this.#policy)
    this.#descriptions = new Descriptions(this.#installed, this.#admission, this.#grants)
    this.#removal = new Removal({
      installed: this.#installed,
      admission: this.#admission,
      etcFolder: options.etcFolder,
      record: (...step) => this.#record(...step),
    })
    this.#installer = new Installer(options, {
      installed: this.#installed,
      store: this.#store,
      admission: this.#admission,
      utility: this.#utility,
      grants: this.#grants,
      record: (...step) => this.#record(...step),
    })
  }

  /** Reads the policy, and clears away what a killed installation left. @throws HostError for a policy that cannot be */
  async open(): Promise<void> {
    await this.#policy.read()
    await this.#store.sweep((tenant) => this.#installed.records(tenant).map(({ path }) => path))
  }

  dropIns(): DropInReport {
    return { problems: this.#dropIns?.problems ?? [] }
  }

  /**
   * Takes in what lies in the drop-in folders, and from then on what comes, changes and goes there and in the policy file.
   */
  async watch(hooks: WatchHooks): Promise<void> {
    const { tenant, folder } = hooks
    const { etcFolder } = this.#options
    const warn = async (records: readonly PluginRecord[]) => {
      for (const note of await this.#grants.folderNotes(records)) hooks.report('warn', note)
    }
    const dropIns = new DropIns({
      folder,
      records: () => this.#installed.records(tenant),
      install: (wish) => this.#install(tenant, wish, {}),
      remove: (gone) =>
        this.#turns.noted(tenant, { ...titleOf(gone), what: 'remove' }, () =>
          this.#removal.remove(tenant, gone),
        ),
      changed: async (name) => {
        await (hooks.upgrade ?? hooks.restart)(tenant, name)
        await this.prune(tenant, false)
      },
      report: hooks.report,
    })
    this.#dropIns = dropIns
    await dropIns.look()
    await warn(this.#installed.records(tenant))
    const policy = new PolicyWatch({
      read: () => this.readPolicy(tenant),
      changed: async (name) => {
        await warn(this.#installed.records(tenant).filter((each) => each.package === name))
        await hooks.restart(tenant, name)
      },
      report: hooks.report,
    })
    this.#watches.push(
      new FolderWatch({ folders: dropInFolders(folder), look: () => dropIns.look() }),
      new FolderWatch({ folders: [etcFolder], look: () => policy.look() }),
    )
  }

  /** A download in progress is given up. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#watches.map((watch) => watch.close()))
    await this.#turns.idle()
    await this.#utility.close()
  }

  /**
   * Reads `etc/grants.yaml` again.
   *
   * @returns the packages of a tenant whose powers are others now
   * @throws HostError for a file that cannot be; what it said before goes on
   */
  async readPolicy(tenant: string): Promise<readonly string[]> {
    const records = this.#installed.records(tenant)
    const powers = () => records.map((record) => JSON.stringify(this.#grants.powersOf(record)))
    const before = powers()
    await this.#policy.read()
    const changed = powers().flatMap((now, i) => (now === before[i] ? [] : [i]))
    return [...new Set(changed.flatMap((i) => records[i]?.package ?? []))]
  }

  list(tenant: string, kind: PluginKind): readonly string[] {
    return this.#installed.names(tenant, kind)
  }

  describe(tenant: string, kind: PluginKind, name: string): PluginDescription | undefined {
    return this.#descriptions.plugin(tenant, kind, name)
  }

  resolve(
    tenant: string,
    kind: PluginKind,
    name: string,
    range?: string | undefined,
    lock?: PluginUse | undefined,
  ): ResolvedPlugin | undefined {
    const found = this.#installed.find(tenant, kind, name, range, lock)
    if (found === undefined) return undefined
    const { record, extension } = found
    const { package: from, version, tier, sha256 } = record
    const { isAggregate, rewinds, options } = extension
    const use = { kind, name, package: from, version, tier, sha256, ...(rewinds && { rewinds }) }
    return { use, isAggregate, options }
  }

  async load(tenant: string, use: PluginUse): Promise<PluginCode> {
    const { record, details, extension } = this.#installed.exactly(tenant, use)
    const script = details.scripts.find(({ file }) => file === extension.file) as StoredScript
    try {
      const text = await this.#store.read(record.path, script)
      const code = codeOf(record, extension, { text, sha256: script.sha256 })
      if (record.tier === 'sandboxed') return { ...code, mapped: true }
      return { ...code, path: this.#store.rawPath(record.path, extension.file) }
    } catch (error) {
      // Replaced while it was read: the files are others now.
      const now = this.#installed.records(tenant)
      if (now.some(({ path }) => path === record.path)) throw error
      return this.load(tenant, use)
    }
  }

  /** Texts of workers, with the author's lines in the place of those of bundled scripts. */
  authorsLines<T>(tenant: string, value: T): Promise<T> {
    return this.#lines.in(tenant, value)
  }

  checkCalls(tenant: string, plan: Plan): Promise<void> {
    return checkCalls(plan, {
      inspection: (use) => this.#installed.exactly(tenant, use).extension,
      load: (use) => this.load(tenant, use),
      inspect: (codes, tier, calls) => this.#options.inspect(codes, tier, calls, tenant),
    })
  }

  async powers(tenant: string, use: PluginUse): Promise<PluginPowers> {
    const { record, details } = this.#installed.exactly(tenant, use)
    const folder = join(this.#options.dataFolder, 'files', tenant, encodeURIComponent(use.package))
    const powers = powersOf({
      record,
      grants: this.#grants.powersOf(record),
      use,
      folder,
      etc: details.hasEtc === true ? this.#store.etcFolder(record.path) : undefined,
      secrets: (await this.#options.secrets?.()) ?? new Map(),
    })
    if (powers.files.private !== undefined) await mkdir(folder, { recursive: true, mode: 0o700 })
    return powers
  }

  find(tenant: string, word: string): { kind: PluginKind; name: string } | undefined {
    const [record] = this.#installed.byWord(tenant, word)
    if (record === undefined) return undefined
    const { kind, names } = record
    return { kind, name: names.includes(word) ? word : (names[0] ?? word) }
  }

  packages(tenant: string): readonly PackageDescription[] {
    return this.#descriptions.packages(tenant)
  }

  versions(tenant: string, packageName: string): readonly PackageDescription[] {
    return this.#descriptions.versions(tenant, packageName)
  }

  usersOf(tenant: string, packageName: string, version?: string | undefined): readonly string[] {
    return this.#admission.usersOf(tenant, this.#removal.versions(tenant, packageName, version))
  }

  preview({ file }: { readonly file: string }): Promise<PackagePreview> {
    return this.#installer.preview(file, { signal: this.#closing.signal })
  }

  install(
    tenant: string,
    kind: PluginKind,
    request: InstallRequest,
    run: InstallRun = {},
  ): Promise<InstallResult> {
    return this.#install(tenant, { kind, request, mode: 'new' }, run)
  }

  installPackage(
    tenant: string,
    request: PackageRequest,
    run: InstallRun = {},
  ): Promise<InstallResult> {
    return this.#install(tenant, { request, mode: 'new' }, run)
  }

  replace(
    tenant: string,
    kind: PluginKind,
    request: InstallRequest,
    run: InstallRun = {},
  ): Promise<InstallResult> {
    return this.#install(tenant, { kind, request, mode: 'replace' }, run)
  }

  remove(tenant: string, kind: PluginKind, name: string): Promise<void> {
    const gone = this.#installed.named(tenant, kind, name)
    return this.#turns.noted(tenant, { ...titleOf(gone), what: 'remove' }, () =>
      this.#removal.byName(tenant, kind, name),
    )
  }

  removePackage(
    tenant: string,
    packageName: string,
    version?: string | undefined,
  ): Promise<readonly RemovedVersion[]> {
    const what = { package: packageName, version: version ?? '', what: 'remove', detail: '' }
    return this.#turns.noted(tenant, what, () =>
      this.#removal.byPackage(tenant, packageName, version),
    )
  }

  prune(tenant: string, all: boolean): Promise<readonly RemovedVersion[]> {
    return this.#turns.take(async () => {
      const gone = await this.#removal.prune(tenant, all)
      for (const title of gone)
        this.#turns.note(tenant, { ...title, what: 'prune', detail: '' }, 'done')
      return gone
    })
  }

  #install(tenant: string, wish: Wish, { signal, progress }: InstallRun): Promise<InstallResult> {
    const closing = this.#closing.signal
    const all = signal === undefined ? closing : AbortSignal.any([closing, signal])
    const run = { signal: all, progress }
    progress?.({ step: 'waiting' })
    const { name = '', file } = wish.request
    const what = wish.mode === 'new' ? 'install' : 'upgrade'
    const detail = wish.dropIn === undefined ? file : `plugins/${wish.dropIn}`
    return this.#turns.noted(tenant, { package: name, version: '', what, detail }, async () => {
      if (signal?.aborted === true) throw cancelled()
      const { kind, request, mode } = wish
      if (kind !== undefined && request.name !== undefined && mode === 'replace')
        refuseDropIns(this.#installed.named(tenant, kind, request.name), 'replace that file')
      return this.#installer.install(tenant, wish, run)
    })
  }

  grant(
    tenant: string,
    kind: PluginKind,
    name: string,
    grants: unknown,
  ): Promise<readonly string[]> {
    const what = { ...this.#title(tenant, kind, name), what: 'grant', detail: textOfGrants(grants) }
    return this.#turns.noted(tenant, what, async () => {
      const versions = this.#ofPackage(tenant, kind, name)
      refuseDropIns(versions, 'grant it in etc/grants.yaml')
      const granted = this.#grants.grant({ kind, name }, versions, grants)
      await this.#record(tenant, granted, [])
      return this.#grants.folderNotes(granted.slice(0, 1))
    })
  }

  revoke(
    tenant: string,
    kind: PluginKind,
    name: string,
    grants?: unknown,
  ): Promise<readonly string[]> {
    const detail = textOfGrants(grants ?? 'all')
    const what = { ...this.#title(tenant, kind, name), what: 'revoke', detail }
    return this.#turns.noted(tenant, what, async () => {
      const versions = this.#ofPackage(tenant, kind, name)
      await this.#record(tenant, this.#grants.revoke({ kind, name }, versions, grants), [])
      return []
    })
  }

  register(tenant: string, name: string, functions: readonly string[]): Promise<void> {
    return this.#turns.take(() => this.#installer.register(tenant, name, functions))
  }

  /** All versions and kinds of the package that brings an extension, the newest first. @throws InstallError */
  #ofPackage(tenant: string, kind: PluginKind, name: string): PluginRecord[] {
    const [newest] = this.#installed.named(tenant, kind, name)
    if (newest === undefined) throw this.#admission.unknown(tenant, kind, name)
    return this.#installed.ofPackage(tenant, newest.package)
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

  #title(tenant: string, kind: PluginKind, name: string) {
    return titleOf(this.#installed.named(tenant, kind, name).slice(0, 1), name)
  }
}
