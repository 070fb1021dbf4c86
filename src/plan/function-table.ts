import type { FunctionDeclaration, KnownArgument } from '#src/functions/declaration.ts'
import type { PluginUse } from './plan.ts'

/** The built-in functions, as the planner needs them. */
export interface FunctionTable {
  /** By name or synonym, whatever the case. */
  lookup(name: string): FunctionDeclaration | undefined
  /** All names, for "did you mean". */
  names(): Iterable<string>
  /** Number and types of the arguments, and what the function itself checks. @throws Error that says what is wrong */
  checkCall(declaration: FunctionDeclaration, args: readonly KnownArgument[]): void
}

/** What plugins bring and what is built in beside functions. Versions are chosen behind it (rule option `plugins`). */
export interface Extensions {
  plugin(kind: PluginUse['kind'], name: string): PluginExtension | undefined
  /** Whether the host has it built in. */
  isBuiltIn(kind: 'source' | 'sink', name: string): boolean
  /** All names of that kind, for "did you mean". */
  names(kind: PluginUse['kind']): Iterable<string>
}

export interface PluginExtension {
  readonly use: PluginUse
  /** Of a function: it gets the rows of a group. */
  readonly isAggregate?: boolean | undefined
}
