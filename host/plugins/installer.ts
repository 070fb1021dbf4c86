import type { PluginRecord } from '#host/catalog/plugins.ts'
import type { PluginUse } from '#src/plan/plan.ts'
import type { CallArguments } from '#src/plan/plugin-calls.ts'
import type { PluginCode } from '#src/worker/protocol.ts'
import type { Admission } from './admission.ts'
import { type DownloadOptions, download } from './download.ts'
import { InstallError } from './errors.ts'
import { type GrantBook, givenTo } from './grant-book.ts'
import { askedFor, checkAnyGrants, type Grant, mergeGrants, readGrants, whoIs } from './grants.ts'
import { notesOf, removedHigher, rulesLeftBehind } from './install-notes.ts'
import { codeOf, recordsOf } from './installation.ts'
import { detailsOf, type Inspection, type InstalledPlugins } from './installed.ts'
import type { Extension, PackageContent } from './layout.ts'
import type { Prepared } from './prepare.ts'
import { checkGoesOn, type InstallRun, unlessCancelled } from './progress.ts'
import type {
  InstallRequest,
  InstallResult,
  PackagePreview,
  PackageRequest,
  PluginKind,
} from './service.ts'
import { checkSigner } from './signature.ts'
import type { PackageStore, StoredScript } from './store.ts'
import { supersededOf } from './superseded.ts'
import type { Utility } from './utility.ts'
import { compareVersions } from './version.ts'
import { placeYaml } from './yaml-file.ts'

export interface InstallerOptions {
  readonly etcFolder: string
  readonly hostVersion: string
  readonly download: DownloadOptions
  /** Option `plugins.trusted`. @default `refuse` */
  readonly trusted?: 'allow' | 'refuse' | undefined
  /** Option `plugins.signers`. @default everybody */
  readonly signers?: readonly string[] | undefined
  /**
   * Loads extensions in a sandbox and checks that they have their kinds' methods; functions are asked about `calls` of them.
   *
   * @param tenant whose rule calls them
   * @throws Error naming what is missing, or what a function says
   */
  inspect(
    codes: readonly PluginCode[],
    tier: PluginUse['tier'],
    calls?: readonly CallArguments[] | undefined,
    tenant?: string | undefined,
  ): Promise<readonly Inspection[]>
}

export interface InstallerParts {
  readonly installed: InstalledPlugins
  readonly store: PackageStore
  readonly admission: Admission
  readonly utility: Utility
  readonly grants: GrantBook
  /** One step in the catalog; folders that nothing names any more go afterwards. */
  record(
    tenant: string,
    records: readonly PluginRecord[],
    gone: readonly PluginRecord[],
    written?: string | undefined,
  ): Promise<void>
}

/** What is asked for: an extension by its kind and name, or a whole package. */
export interface Wish {
  readonly kind?: PluginKind | undefined
  readonly request: PackageRequest & Partial<InstallRequest>
  readonly mode: 'new' | 'replace'
  /** The zip, where it is there already. */
  readonly zip?: Uint8Array | undefined
  readonly dropIn?: string | undefined
  /** What it takes the place of, beside what `mode` says. */
  readonly gone?: readonly PluginRecord[] | undefined
}

/** One installation after the other: fetched, checked, loaded once in a sandbox, stored, recorded. */
export class Installer {
  readonly #options: InstallerOptions
  readonly #parts: InstallerParts

  constructor(options: InstallerOptions, parts: InstallerParts) {
    this.#options = options
    this.#parts = parts
  }

  /** @throws InstallError; nothing has changed then */
  async install(tenant: string, wish: Wish, run: InstallRun): Promise<InstallResult> {
    const { kind, request, mode } = wish
    const { installed, admission, grants, record } = this.#parts
    const versions = this.#versions(tenant, wish)
    const { name = '', file, grants: granted = 'none' } = request
    checkAnyGrants(kind === undefined ? file : whoIs({ kind, name }), granted)
    const tier = this.#tierOf(request)
    const prepared = await this.#prepare(wish, tier, run)
    const { content } = prepared
    const older =
      mode === 'new'
        ? this.#replaced(tenant, wish.gone ?? [], content)
        : this.#superseded(tenant, versions, content)
    admission.checkContent(tenant, content, older)
    const shown = content.extensions.find(
      (each) => each.kind === kind && each.name === request.name,
    )
    const first = shown ?? (content.extensions[0] as Extension)
    const who = whoIs(kind && { kind, name }, content.package)
    const more = readGrants(who, content.permissions, granted)
    const given = mergeGrants(mode === 'new' ? [] : inherited(versions), more)
    const before = installed.records(tenant).filter((each) => each.package === content.package)
    const brought = before.map((each) => detailsOf(each).yaml)
    const { stored, extensions } = await this.#store(tenant, prepared, run)
    const { dropIn } = wish
    const records = recordsOf({ prepared, stored, extensions, url: request.file, given, dropIn })
    const held = this.#held(tenant, older, prepared)
    await record(tenant, [...records, ...held], older, stored.path)
    run.progress?.({ step: 'recorded' })
    const [written] = records
    const waiting = written === undefined ? [] : grants.waiting(written)
    const others = mode === 'new' ? before.filter((each) => !older.includes(each)) : []
    const extension = { kind: first.kind, name: content.alias ?? first.name, dropIn }
    return {
      package: content.package,
      version: content.version,
      names: content.extensions.map((each) => each.name),
      notes: [
        ...(await placeYaml(this.#options.etcFolder, content.yaml, brought)),
        ...notesOf(prepared, waiting, extension),
        ...(await grants.folderNotes(records.slice(0, 1))),
        ...removedHigher(older, held, content),
        ...rulesLeftBehind(others, content, { file: request.file, dropIn }, (some) =>
          admission.usersOf(tenant, some),
        ),
      ],
    }
  }

  async preview(file: string, run: InstallRun): Promise<PackagePreview> {
    const { content, sha256 } = await this.#prepare(
      { request: { file }, mode: 'new' },
      'sandboxed',
      run,
      true,
    )
    return {
      package: content.package,
      version: content.version,
      sha256,
      extensions: content.extensions.map(({ kind, name }) => ({ kind, name })),
      asks: askedFor(content.permissions),
      hasInstallScript: content.hasInstallScript,
    }
  }

  /** Kuiper's register: more SQL names of a script that is installed. */
  async register(tenant: string, name: string, functions: readonly string[]): Promise<void> {
    const { installed, admission, store, record: keep } = this.#parts
    const [record] = installed.named(tenant, 'function', name)
    if (record === undefined) throw admission.unknown(tenant, 'function', name)
    if (functions.length === 0)
      throw new InstallError('bad-request', "property 'functions' must not be empty")
    const details = detailsOf(record)
    const [first] = details.extensions.filter((each) => each.kind === 'function')
    const missing = [...new Set(functions)].filter((each) => !record.names.includes(each))
    if (first === undefined || missing.length === 0) return
    for (const each of missing) {
      admission.checkName('function', each)
      if (installed.versions(tenant, 'function', each).length > 0)
        throw new InstallError('duplicate', `function name ${each} already exists`)
    }
    const more = missing.map(
      (each): Extension => ({ kind: 'function', name: each, file: first.file, export: each }),
    )
    const script = details.scripts.find(({ file }) => file === first.file) as StoredScript
    const text = await store.read(record.path, script)
    const inspected = await this.#inspect(more, record, () => ({ text, sha256: script.sha256 }))
    const extensions = [...details.extensions, ...inspected]
    const names = [...record.names, ...missing]
    await keep(tenant, [{ ...record, names, details: { ...details, extensions } }], [])
  }

  #versions(tenant: string, { kind, request, mode }: Wish): readonly PluginRecord[] {
    const { name, shellParas } = request
    if (shellParas !== undefined && shellParas.length > 0) {
      throw new InstallError(
        'bad-request',
        'shellParas is refused: no script of a plugin is ever run; put what the plugin needs into its zip',
      )
    }
    if (kind === undefined || name === undefined) return []
    const { admission, installed } = this.#parts
    admission.checkName(kind, name)
    const versions = installed.named(tenant, kind, name)
    if (mode === 'replace' && versions.length === 0) throw admission.unknown(tenant, kind, name)
    return versions
  }

  #tierOf({ tier = 'sandboxed' }: PackageRequest): PluginUse['tier'] {
    if (tier === 'sandboxed' || this.#options.trusted === 'allow') return tier
    throw new InstallError(
      'not-trusted',
      'a trusted plugin can do whatever the server can, and option plugins.trusted refuses those; install it sandboxed, or set plugins.trusted: allow in etc/plutino.yaml',
    )
  }

  async #prepare(
    { kind, request, zip: given }: Wish,
    tier: PluginUse['tier'],
    run: InstallRun,
    isPreview = false,
  ): Promise<Prepared> {
    const { name, file, functions, grants, sha256 } = request
    const zip = given ?? (await this.#download(file, run))
    const wanted = kind === undefined || name === undefined ? undefined : { kind, name, functions }
    const { hostVersion } = this.#options
    const prepared = await this.#parts.utility
      .prepare({ zip, wanted, hostVersion, grants, tier, isPreview }, run)
      .catch(asFailed)
    const { content, signer } = prepared
    if (!isPreview) checkSigner(signer, this.#options.signers ?? [], content.package)
    if (sha256 === undefined || sha256 === prepared.sha256) return prepared
    throw new InstallError(
      'bad-request',
      `fail to install plugin: the zip has sha256 ${prepared.sha256}, asked for was ${sha256.slice(0, 64)}`,
    )
  }

  async #download(file: string, { signal, progress }: InstallRun): Promise<Uint8Array> {
    progress?.({ step: 'downloading' })
    const onBytes = (bytes: number, total: number | undefined) =>
      progress?.({ step: 'downloading', bytes, total })
    const zip = await download(file, this.#options.download, signal, onBytes)
    progress?.({ step: 'downloaded', bytes: zip.length, total: zip.length })
    return zip
  }

  /** What rules hold of what is replaced stays for them. */
  #held(tenant: string, older: readonly PluginRecord[], { sha256, tier }: Prepared) {
    const others = older.filter((each) => each.sha256 !== sha256 || each.tier !== tier)
    const users = (path: string) =>
      this.#parts.admission.usersOf(
        tenant,
        others.filter((each) => each.path === path),
      )
    const held = new Set(others.map(({ path }) => path).filter((path) => users(path).length > 0))
    return others.filter(({ path }) => held.has(path)).map(supersededOf)
  }

  /** What has to go so that the new version is the one that is used: the same version, and higher ones. Lower ones stay for rules that name them. */
  #superseded(
    tenant: string,
    versions: readonly PluginRecord[],
    content: PackageContent,
  ): readonly PluginRecord[] {
    const higher = versions.filter(
      (record) =>
        record.package === content.package && compareVersions(record.version, content.version) >= 0,
    )
    return this.#replaced(tenant, this.#parts.installed.together(tenant, higher), content)
  }

  /** Nothing that a rule uses may be lost by it. */
  #replaced(
    tenant: string,
    gone: readonly PluginRecord[],
    content: PackageContent,
  ): readonly PluginRecord[] {
    const lost = gone.map((record) => ({
      ...record,
      names: record.names.filter(
        (name) =>
          !content.extensions.some((each) => each.kind === record.kind && each.name === name),
      ),
    }))
    this.#parts.admission.refuseUsed(tenant, lost)
    return gone
  }

  /** A sandboxed one is looked at before it is written; a trusted one is loaded from where it lies. */
  async #store(tenant: string, prepared: Prepared, run: InstallRun) {
    const { content, tier } = prepared
    const scripts = new Map(prepared.scripts.map((script) => [script.file, script]))
    const look = (folder?: string) =>
      this.#inspect(
        content.extensions,
        { ...content, tier },
        (path) => scripts.get(path) ?? { text: '', sha256: '' },
        folder,
      )
    const { signal, progress } = run
    const early = tier === 'sandboxed' ? await unlessCancelled(look(), signal) : undefined
    if (early !== undefined) progress?.({ step: 'inspected' })
    checkGoesOn(signal)
    const stored = await this.#write(tenant, prepared)
    try {
      const extensions = early ?? (await unlessCancelled(look(stored.path), signal))
      progress?.({ step: 'stored' })
      checkGoesOn(signal)
      return { stored, extensions }
    } catch (error) {
      await this.#parts.store.remove(stored.path)
      throw error
    }
  }

  #write(tenant: string, prepared: Prepared): ReturnType<PackageStore['write']> {
    return this.#parts.store.write(tenant, prepared).catch((error: Error) => {
      throw new InstallError(
        'bad-plugin',
        `fail to install plugin: its files could not be written to the data folder: ${error.message}`,
        { cause: error },
      )
    })
  }

  async #inspect(
    extensions: readonly Extension[],
    from: Pick<PluginRecord, 'package' | 'version' | 'tier'>,
    script: (file: string) => { readonly text: string; readonly sha256: string },
    folder?: string | undefined,
  ): Promise<(Extension & Inspection)[]> {
    const codes = extensions.map((extension) => ({
      ...codeOf(from, extension, script(extension.file)),
      ...(folder === undefined ? {} : { path: this.#parts.store.rawPath(folder, extension.file) }),
    }))
    const found = await this.#options.inspect(codes, from.tier).catch((error: Error) => {
      throw new InstallError(
        'bad-plugin',
        `fail to install plugin: package "${from.package}": ${error.message}`,
        { cause: error },
      )
    })
    return extensions.map((extension, i) => ({
      ...extension,
      isAggregate: found[i]?.isAggregate ?? false,
      rewinds: found[i]?.rewinds ?? false,
      validates: found[i]?.validates ?? false,
    }))
  }
}

/** An upgrade keeps what the version before it was granted. */
function inherited([newest]: readonly PluginRecord[]): readonly Grant[] {
  return newest === undefined ? [] : givenTo(newest)
}

function asFailed(error: unknown): never {
  if (!(error instanceof InstallError)) throw error
  throw new InstallError(error.code, `fail to install plugin: ${error.message}`, { cause: error })
}
