import type { PluginRecord, PluginRecords } from '#host/catalog/plugins.ts'
import type { PluginUse } from '#src/plan/plan.ts'
import { nearest } from '#src/sql/near.ts'
import type { PluginCode } from '#src/worker/protocol.ts'
import { type DownloadOptions, download } from './download.ts'
import { InstallError } from './errors.ts'
import { type Inspection, type InstalledDetails, InstalledPlugins } from './installed.ts'
import { type Extension, extensionKinds } from './layout.ts'
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
import { placeYaml } from './yaml-file.ts'

export interface PluginHostOptions {
  readonly records: PluginRecords
  readonly dataFolder: string
  readonly etcFolder: string
  readonly hostVersion: string
  readonly download: DownloadOptions
  /** Loads an extension in a sandbox and checks that it has its kind's methods. @throws Error naming what is missing */
  inspect(codes: readonly PluginCode[]): Promise<readonly Inspection[]>
  /** The names of what is built in: no plugin may take one. */
  builtIn(kind: PluginKind, name: string): boolean
  /** The rules that use an extension, for a refusal that names them. */
  usedBy(tenant: string, kind: PluginKind, name: string): readonly string[]
}

/** Installs, finds and removes plugins. An installation shows up whole or not at all. */
export class PluginHost implements PluginService {
  readonly #options: PluginHostOptions
  readonly #installed: InstalledPlugins
  readonly #store: PackageStore
  readonly #utility = new Utility()
  /** One change at a time: two installations of one name must not meet. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: PluginHostOptions) {
    this.#options = options
    this.#installed = new InstalledPlugins(options.records)
    this.#store = new PackageStore(options.dataFolder)
  }

  /** Clears away what a killed installation left. */
  async open(): Promise<void> {
    await this.#store.sweep()
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => {})
    await this.#utility.close()
  }

  list(tenant: string, kind: PluginKind): readonly string[] {
    return this.#installed.names(tenant, kind)
  }

  describe(tenant: string, kind: PluginKind, name: string): PluginDescription | undefined {
    const found = this.#installed.find(tenant, kind, name)
    if (found === undefined) return undefined
    const { record, details } = found
    const versions = this.#installed.versions(tenant, kind, name).map(({ version }) => version)
    return {
      name,
      version: record.version,
      ...(kind === 'function' ? { functions: record.names } : {}),
      package: record.package,
      versions,
      tier: record.tier,
      sha256: record.sha256,
      file: details.url,
      grants: { asked: record.asked, given: record.given },
      rules: this.#options.usedBy(tenant, kind, name),
      ...(details.hasInstallScript
        ? { installScript: 'the zip holds an install.sh, which is never run' }
        : {}),
    }
  }

  resolve(
    tenant: string,
    kind: PluginKind,
    name: string,
    range?: string,
  ): ResolvedPlugin | undefined {
    const found = this.#installed.find(tenant, kind, name, range)
    if (found === undefined) return undefined
    const { record, extension } = found
    const use = { kind, name, package: record.package, version: record.version, tier: record.tier }
    return { use, isAggregate: extension.isAggregate }
  }

  async load(tenant: string, { kind, name, version }: PluginUse): Promise<PluginCode> {
    const { record, details, extension } = this.#installed.exactly(tenant, kind, name, version)
    const script = details.scripts.find(({ file }) => file === extension.file) as StoredScript
    const text = await this.#store.read(record.path, script)
    return {
      package: record.package,
      version,
      text,
      sha256: script.sha256,
      export: extension.export,
      kind,
      name,
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
      const versions = this.#installed.versions(tenant, kind, name)
      if (versions.length === 0) throw this.#unknown(tenant, kind, name)
      const rules = this.#options.usedBy(tenant, kind, name)
      if (rules.length > 0) {
        throw new InstallError(
          'in-use',
          `${kind} plugin "${name}" is used by rules ${rules.join(', ')}; stop or change them first`,
        )
      }
      for (const record of versions) {
        this.#options.records.remove(tenant, record.package, record.version)
        await this.#store.remove(record.path)
      }
      this.#installed.forget(tenant)
    })
  }

  register(tenant: string, name: string, functions: readonly string[]): Promise<void> {
    return this.#alone(async () => {
      const found = this.#installed.find(tenant, 'function', name)
      if (found === undefined) throw this.#unknown(tenant, 'function', name)
      if (functions.length === 0)
        throw new InstallError('bad-request', "property 'functions' must not be empty")
      const { record, details, extension } = found
      const missing = functions.filter((each) => !record.names.includes(each))
      const more: Extension[] = missing.map((each) => ({
        kind: 'function',
        name: each,
        file: extension.file,
        export: upperFirst(each),
      }))
      for (const each of missing) this.#checkName('function', each)
      const script = details.scripts.find(({ file }) => file === extension.file) as StoredScript
      const text = await this.#store.read(record.path, script)
      const inspected = await this.#inspect(more, record, () => ({ text, sha256: script.sha256 }))
      this.#options.records.put(tenant, [
        {
          ...record,
          names: [...record.names, ...missing],
          details: { ...details, extensions: [...details.extensions, ...inspected] },
        },
      ])
      this.#installed.forget(tenant)
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
    this.#checkName(kind, name)
    if (mode === 'replace' && this.#installed.versions(tenant, kind, name).length === 0)
      throw this.#unknown(tenant, kind, name)
    const zip = await download(file, this.#options.download)
    const prepared = await this.#utility.prepare({
      zip,
      wanted: { kind, name, functions },
      hostVersion: this.#options.hostVersion,
    })
    const { content } = prepared
    for (const extension of content.extensions)
      this.#checkExtension(tenant, extension, content.package, content.version, mode)
    const scripts = new Map(prepared.scripts.map((script) => [script.file, script]))
    const inspected = await this.#inspect(
      content.extensions,
      content,
      (path) => scripts.get(path) ?? { text: '', sha256: '' },
    )
    const superseded = this.#usesOf(tenant, content.extensions)
    const stored = await this.#store.write(tenant, prepared)
    const records = recordsOf(prepared, stored, inspected, file)
    this.#options.records.put(tenant, records)
    this.#installed.forget(tenant)
    const notes = await placeYaml(this.#options.etcFolder, content.yaml)
    if (content.hasInstallScript)
      notes.push('install.sh in the zip was not run: no script of a plugin ever is')
    const asked = Object.keys(content.permissions)
    if (asked.length > 0)
      notes.push(
        `it asks for ${asked.join(', ')} and has no power until they are granted: POST /plugins/${kind}s/${name}/grants`,
      )
    return {
      package: content.package,
      version: content.version,
      names: content.extensions.map((extension) => extension.name),
      notes,
      superseded: mode === 'replace' ? superseded : undefined,
    }
  }

  #checkName(kind: PluginKind, name: string): void {
    if (name === '') throw new InstallError('bad-request', 'invalid name : should not be empty')
    if (!/^[a-zA-Z0-9_-]+$/.test(name))
      throw new InstallError(
        'bad-request',
        `invalid name ${name.slice(0, 80)}: it must consist of letters, digits, _ and -`,
      )
    if (this.#options.builtIn(kind, name))
      throw new InstallError(
        'duplicate',
        `invalid name ${name}: duplicate; a ${kind} of this name is built in`,
      )
  }

  #checkExtension(
    tenant: string,
    { kind, name }: Extension,
    packageName: string,
    version: string,
    mode: 'new' | 'replace',
  ): void {
    this.#checkName(kind, name)
    for (const record of this.#installed.versions(tenant, kind, name)) {
      if (record.package !== packageName) {
        throw new InstallError(
          'duplicate',
          `invalid name ${name}: duplicate; package "${record.package}" brings a ${kind} of this name already`,
        )
      }
      if (mode === 'new' && record.version === version) {
        throw new InstallError(
          'duplicate',
          `invalid name ${name}: duplicate; version "${version}" of package "${packageName}" is installed; PUT replaces it`,
        )
      }
    }
  }

  #usesOf(tenant: string, extensions: readonly Extension[]): PluginUse[] {
    return extensions.flatMap(({ kind, name }) => this.resolve(tenant, kind, name)?.use ?? [])
  }

  async #inspect(
    extensions: readonly Extension[],
    from: { readonly package: string; readonly version: string },
    script: (file: string) => { readonly text: string; readonly sha256: string },
  ): Promise<(Extension & Inspection)[]> {
    const codes = extensions.map((extension): PluginCode => {
      const { text, sha256 } = script(extension.file)
      return {
        package: from.package,
        version: from.version,
        text,
        sha256,
        export: extension.export,
        kind: extension.kind,
        name: extension.name,
      }
    })
    const found = await this.#options.inspect(codes).catch((error: Error) => {
      throw new InstallError('bad-plugin', `package "${from.package}": ${error.message}`, {
        cause: error,
      })
    })
    return extensions.map((extension, i) => ({
      ...extension,
      isAggregate: found[i]?.isAggregate ?? false,
    }))
  }

  #unknown(tenant: string, kind: PluginKind, name: string): InstallError {
    const near = nearest(name, this.list(tenant, kind))
    return new InstallError(
      'unknown-plugin',
      `invalid name ${name}: not exist${near === undefined ? '' : `; did you mean "${near}"?`}`,
    )
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}

function recordsOf(
  prepared: Prepared,
  stored: { path: string; scripts: StoredScript[] },
  extensions: readonly (Extension & Inspection)[],
  url: string,
): PluginRecord[] {
  const { content, sha256 } = prepared
  const details: InstalledDetails = {
    url,
    extensions,
    scripts: stored.scripts,
    hasInstallScript: content.hasInstallScript,
  }
  return extensionKinds.flatMap((kind) => {
    const names = extensions.filter((extension) => extension.kind === kind).map(({ name }) => name)
    if (names.length === 0) return []
    return [
      {
        package: content.package,
        version: content.version,
        kind,
        names,
        path: stored.path,
        sha256,
        tier: 'sandboxed' as const,
        asked: content.permissions,
        given: [],
        details,
      },
    ]
  })
}

function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
