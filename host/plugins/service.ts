import type { PluginExtension } from '#src/plan/extensions.ts'
import type { PluginUse } from '#src/plan/plan.ts'
import type { PluginCode } from '#src/worker/protocol.ts'

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
  readonly grants: { readonly asked: unknown; readonly given: unknown }
  readonly [key: string]: unknown
}

/** A plugin that a rule may use: what the planner must know of it. Its code is read when a rule starts. */
export type ResolvedPlugin = PluginExtension

/**
 * Installed plugins, as API and rules see them. What fails is an `InstallError`, and nothing has changed then.
 * `resolve` is synchronous, since planning is; it looks only at what is known in memory.
 */
export interface PluginService {
  /** Names by which extensions of a kind are used. */
  list(tenant: string, kind: PluginKind): readonly string[]
  /** `undefined`: no such plugin. */
  describe(tenant: string, kind: PluginKind, name: string): PluginDescription | undefined
  install(tenant: string, kind: PluginKind, request: InstallRequest): Promise<InstallResult>
  /** Installs a version in the place of the one that is used. */
  replace(tenant: string, kind: PluginKind, request: InstallRequest): Promise<InstallResult>
  /** @throws InstallError `unknown-plugin`, `in-use` */
  remove(tenant: string, kind: PluginKind, name: string): Promise<void>
  /**
   * Gives powers that a plugin asked for, as `POST /plugins/{kind}/{name}/grants` has them. Rules that use it are started
   * anew by the caller.
   *
   * @returns sentences for the operator
   */
  grant(tenant: string, kind: PluginKind, name: string, grants: unknown): Promise<readonly string[]>
  /** Kuiper's register: the SQL names of a function plugin. */
  register(tenant: string, name: string, functions: readonly string[]): Promise<void>
  /** The latest version, or the latest that the range allows. `undefined`: none fits. */
  resolve(
    tenant: string,
    kind: PluginKind,
    name: string,
    range?: string | undefined,
  ): ResolvedPlugin | undefined
  /** The script of a plugin that was resolved; without `datasource` and `props`, which are the rule's. */
  load(tenant: string, use: PluginUse): Promise<PluginCode>
}
