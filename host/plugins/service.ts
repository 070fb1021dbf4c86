import type { PluginPowers } from '#host/cell/cell.ts'
import type { PluginExtension } from '#src/plan/extensions.ts'
import type { Plan, PluginUse } from '#src/plan/plan.ts'
import type { PluginCode } from '#src/worker/protocol.ts'
import type { Grant } from './grants.ts'
import type { Permissions } from './permissions.ts'
import type { InstallRun } from './progress.ts'

export type PluginKind = PluginUse['kind']

/** Kuiper's body: the name of the source, sink or function, not of the package. */
export interface InstallRequest {
  readonly name: string
  /** The address of the zip. */
  readonly file: string
  /** SQL names that a function plugin brings, where they differ from its own. */
  readonly functions?: readonly string[] | undefined
  /** Accepted to be refused: no script of a zip is ever run. */
  readonly shellParas?: readonly string[] | undefined
  /** Of a replacement: what happens to the rules that use it. @default `restart` */
  readonly policy?: 'restart' | 'keep' | undefined
  /** `"all"`, `"none"` or which of the powers that it asks for. @default none */
  readonly grants?: unknown
  /** `trusted`: nothing confines it. Refused unless option `plugins.trusted` allows it. @default `sandboxed` */
  readonly tier?: PluginUse['tier'] | undefined
  /** The digest that the zip must have: what was looked at is what is installed. */
  readonly sha256?: string | undefined
}

/** Several extensions at once, named by their package's manifest. */
export type PackageRequest = Omit<InstallRequest, 'name' | 'functions' | 'shellParas'>

/** What a zip holds and asks for; nothing of it is installed, and none of its code ran. */
export interface PackagePreview {
  readonly package: string
  readonly version: string
  readonly sha256: string
  readonly extensions: readonly { readonly kind: PluginKind; readonly name: string }[]
  readonly asks: readonly Grant[]
  readonly hasInstallScript: boolean
}

export interface GrantsDescription {
  readonly asked: Permissions
  readonly given: readonly Grant[]
}

/** What a plugin host asks for while it watches files of the operator. */
export interface WatchHooks {
  readonly tenant: string
  /** The drop-in folder. */
  readonly folder: string
  /** Rules that run with the package start anew. */
  restart(tenant: string, packageName: string): Promise<void>
  /** Rules that run with the package move to what is there now. @default they start anew */
  upgrade?(tenant: string, packageName: string): Promise<void>
  report(level: 'info' | 'warn', message: string): void
}

/** The drop-in folders as an operator sees them. */
export interface DropInReport {
  readonly problems: readonly {
    /** Relative to the folder: `sinks/Mysql@v1.zip`. */
    readonly file: string
    readonly message: string
    /** ms since the epoch */
    readonly at: number
  }[]
}

/** One version of a package as `GET /plugins` lists it. */
export interface PackageDescription {
  readonly package: string
  readonly version: string
  readonly tier: PluginUse['tier']
  readonly extensions: readonly {
    readonly kind: PluginKind
    readonly name: string
    /** The JSON Schema of its options. */
    readonly options?: Readonly<Record<string, unknown>> | undefined
  }[]
  readonly grants: GrantsDescription
  /** Of its zip. */
  readonly sha256?: string | undefined
  /** The address that it was installed from. */
  readonly file?: string | undefined
  /** The rules that hold this version. */
  readonly rules?: readonly string[] | undefined
  readonly signer?: string | undefined
  /** It was replaced, and stays for the rules that hold it. */
  readonly superseded?: boolean | undefined
  /** The file in the drop-in folder that it came from. */
  readonly dropIn?: string | undefined
}

/** The rules that hold one version. */
export interface VersionUse {
  readonly version: string
  readonly rules: readonly string[]
}

/** One version of a package that is gone. */
export interface RemovedVersion {
  readonly package: string
  readonly version: string
}

export interface InstallResult {
  readonly package: string
  readonly version: string
  readonly names: readonly string[]
  /** Sentences for the operator, after Kuiper's: powers that wait for a grant, a file that was left alone. */
  readonly notes: readonly string[]
}

export interface PluginDescription {
  readonly name: string
  readonly version: string
  readonly package: string
  readonly functions?: readonly string[] | undefined
  readonly tier?: PluginUse['tier'] | undefined
  readonly grants: { readonly asked: unknown; readonly given: unknown }
  readonly [key: string]: unknown
}

/** A plugin that a rule may use: what the planner must know of it. Its code is read when a rule starts. */
export interface ResolvedPlugin extends PluginExtension {
  /** The JSON Schema of its options. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
}

/**
 * Installed plugins, as API and rules see them. What fails is an `InstallError`, and nothing has changed then.
 * `resolve` is synchronous, since planning is; it looks only at what is known in memory.
 */
export interface PluginService {
  /** Texts of workers, with the author's lines in the place of those of bundled scripts. */
  authorsLines?<T>(tenant: string, value: T): Promise<T>
  /** Names by which extensions of a kind are used. */
  list(tenant: string, kind: PluginKind): readonly string[]
  /** `undefined`: no such plugin. */
  describe(tenant: string, kind: PluginKind, name: string): PluginDescription | undefined
  install(
    tenant: string,
    kind: PluginKind,
    request: InstallRequest,
    run?: InstallRun | undefined,
  ): Promise<InstallResult>
  /** Installs a version in the place of the one that is used; what rules hold of that stays for them. */
  replace(
    tenant: string,
    kind: PluginKind,
    request: InstallRequest,
    run?: InstallRun | undefined,
  ): Promise<InstallResult>
  /** @throws InstallError `unknown-plugin`, `in-use` */
  remove(tenant: string, kind: PluginKind, name: string): Promise<void>
  /**
   * Gives powers that a plugin asked for, as `POST /plugins/{kind}/{name}/grants` has them. Rules that use it are started
   * anew by the caller.
   *
   * @returns sentences for the operator
   */
  grant(tenant: string, kind: PluginKind, name: string, grants: unknown): Promise<readonly string[]>
  /** Takes powers back, all of them where `grants` is missing. @returns sentences for the operator */
  revoke(
    tenant: string,
    kind: PluginKind,
    name: string,
    grants?: unknown,
  ): Promise<readonly string[]>
  /** What a version may reach now, with the values of its secrets. */
  powers(tenant: string, use: PluginUse): Promise<PluginPowers>
  /** An extension of the package of this name, or the only one of this name. */
  find(tenant: string, word: string): { kind: PluginKind; name: string } | undefined
  /** Everything that is installed, the newest versions first. */
  packages(tenant: string): readonly PackageDescription[]
  /** Looks into a zip. */
  preview(request: { readonly file: string }): Promise<PackagePreview>
  /** Takes in the drop-in folders, then watches them and the policy file. Never rejects for what lies there. */
  watch?(hooks: WatchHooks): Promise<void>
  /** What of the drop-in folders is not installed, and why. */
  dropIns?(): DropInReport
  /** All that a package's manifest names. */
  installPackage(
    tenant: string,
    request: PackageRequest,
    run?: InstallRun | undefined,
  ): Promise<InstallResult>
  /** Its versions, the newest first; empty: there is no such package. */
  versions(tenant: string, packageName: string): readonly PackageDescription[]
  /** The rules that hold a package, or one version of it. */
  usersOf(tenant: string, packageName: string, version?: string | undefined): readonly string[]
  /** @throws InstallError `unknown-plugin`, `in-use` */
  removePackage(
    tenant: string,
    packageName: string,
    version?: string | undefined,
  ): Promise<readonly RemovedVersion[]>
  /** Removes versions that no rule holds: those that were replaced, or with `all` every one but the newest of each package. */
  prune(tenant: string, all: boolean): Promise<readonly RemovedVersion[]>
  /** Kuiper's register: the SQL names of a function plugin. */
  register(tenant: string, name: string, functions: readonly string[]): Promise<void>
  /**
   * The latest version, or the latest that the range allows. `undefined`: none fits.
   *
   * @param lock the version that a rule had: taken before any other while it is installed
   */
  resolve(
    tenant: string,
    kind: PluginKind,
    name: string,
    range?: string | undefined,
    lock?: PluginUse | undefined,
  ): ResolvedPlugin | undefined
  /**
   * Asks the functions of plugins whether a rule calls them as they want to be called. Missing: nobody asks them.
   *
   * @throws HostError `bad-rule` with what a function says
   */
  checkCalls?(tenant: string, plan: Plan): Promise<void>
  /** The script of a plugin that was resolved; without `datasource` and `props`, which are the rule's. */
  load(tenant: string, use: PluginUse): Promise<PluginCode>
}
