import type { Files } from './files.ts'
import type { Network } from './network.ts'

/** Lines go to the host's log and to `log/stream.log`, at most 2000 characters each, 200 a second. */
export interface Logger {
  /** Shown when the rule has option `debug`. */
  debug(text: string, fields?: object): void
  info(text: string, fields?: object): void
  warn(text: string, fields?: object): void
  error(text: string, fields?: object): void
}

/** A class as `registerType` takes it. */
export type StateClass = new (...args: never[]) => object

/**
 * Key-value state of one extension in one rule: two plugins, or two rules, never meet; two calls of one function in one
 * rule share it. Synchronous, kept in memory, part of the rule's checkpoint.
 */
export interface State {
  /**
   * Keeps a copy of `value` under `key`.
   *
   * @throws PluginError `state-not-cloneable` at once, naming key and type, when the value cannot be cloned
   * @throws PluginError `state-too-large` when the value takes more than 16 MB, the key more than 1024 characters, or all
   *   that the extension keeps in a rule more than 64 MB; what was there before stays
   */
  putState(key: string, value: unknown): void
  /** A copy of what was put; `undefined` for an unknown key. */
  getState(key: string): unknown
  /** Does nothing for an unknown key. */
  deleteState(key: string): void
  /**
   * Adds an integer to the counter `key`, which starts at 0. Exact to 64 bits.
   *
   * @throws PluginError `state-not-a-counter` when the key holds something else than an integer
   */
  incrCounter(key: string, amount: number | bigint): void
  /** The counter, 0 for an unknown key; a bigint beyond 2^53. */
  getCounter(key: string): number | bigint
  /** Lets instances of a class survive `putState` and a restart, by name; the counterpart of `gob.Register`. */
  registerType(name: string, type: StateClass): void
}

/** Values of secrets that the host keeps: those that the manifest asks for by name and the operator granted. */
export interface Secrets {
  /**
   * Fails with code `ERR_PLUGIN_DENIED` when it was not granted, `ENOENT` when the host has no secret of this name. Keep it
   * out of rows and state: what a plugin logs is masked, what it sends is not.
   */
  get(name: string): Promise<string>
}

/** What every extension is given. */
export interface PluginContext extends State, Network {
  readonly ruleId: string
  /** The operator in the rule's plan that this instance serves. */
  readonly operatorId: string
  /** Counts the instances of a source with `concurrency`, from 0. */
  readonly instanceId: number
  /** Aborted when the rule stops: pass it to everything that waits. */
  readonly signal: AbortSignal
  readonly logger: Logger
  /** The same as `logger`. */
  getLogger(): Logger
  /** The time in ms since the epoch; moved by hand in tests. */
  readonly clock: { now(): number }
  /** The plugin's private folder, and by `files.folder(name)` those that the operator bound. */
  readonly files: Files
  readonly secrets: Secrets
}
