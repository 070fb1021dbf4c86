import type { PluginRecord } from '#host/catalog/plugins.ts'
import { InstallError } from './errors.ts'
import { folderNotes } from './folder-grants.ts'
import { effectiveGrants, type GrantPolicy } from './grant-policy.ts'
import {
  askedFor,
  type Grant,
  isFolder,
  mergeGrants,
  nameOfGrant,
  readGrants,
  readRevoked,
  stillAsked,
  whoIs,
  withoutGrants,
} from './grants.ts'
import type { Permissions } from './permissions.ts'
import type { GrantsDescription, PluginKind } from './service.ts'

/** What plugins ask for and have: granted by calls, kept in the catalog, and by the policy file. */
export class GrantBook {
  readonly #policy: GrantPolicy

  constructor(policy: GrantPolicy) {
    this.#policy = policy
  }

  /** The powers that a version has at this moment. */
  powersOf(record: PluginRecord): readonly Grant[] {
    const asked = askedBy(record)
    return effectiveGrants(stillAsked(givenTo(record), asked), this.#policy.grantsOf(record))
  }

  describe(record: PluginRecord): GrantsDescription {
    return { asked: askedBy(record), given: this.powersOf(record) }
  }

  /** What it asks for and has not. */
  waiting(record: PluginRecord): readonly Grant[] {
    return withoutGrants(askedFor(askedBy(record)), this.powersOf(record))
  }

  /** What is wrong with folders that were granted, a sentence each. */
  async folderNotes(records: readonly PluginRecord[]): Promise<string[]> {
    const notes = records.map((record) => folderNotes(record.package, this.powersOf(record)))
    return [...new Set((await Promise.all(notes)).flat())]
  }

  /**
   * @param versions of one package, the newest first: it says what can be granted, and each gets what it asks for
   * @returns the records as they are to be kept, in the same order
   */
  grant(
    extension: NamedExtension,
    versions: readonly PluginRecord[],
    body: unknown,
  ): PluginRecord[] {
    const [newest] = versions
    if (newest === undefined) return []
    const more = readGrants(whoIs(extension), askedBy(newest), body)
    if (more.length === 0) throw this.#grantsNothing(extension, newest)
    return versions.map((record) => ({
      ...record,
      given: mergeGrants(givenTo(record), stillAsked(more, askedBy(record))),
    }))
  }

  /** @throws InstallError for what only the policy file can take back */
  revoke(
    extension: NamedExtension,
    versions: readonly PluginRecord[],
    body: unknown,
  ): PluginRecord[] {
    const [newest] = versions
    if (newest === undefined) return []
    const who = whoIs(extension)
    const gone = readRevoked(who, askedBy(newest), body)
    const names = new Set(gone.map(nameOfGrant))
    const kept = this.#policy.grantsOf(newest).filter((grant) => names.has(nameOfGrant(grant)))
    const [first] = kept
    if (first !== undefined)
      throw new InstallError(
        'bad-request',
        `${kept.map(nameOfGrant).join(', ')} of ${who} is granted by ${first.from}; take it back there`,
      )
    return versions.map((record) => ({ ...record, given: withoutGrants(givenTo(record), gone) }))
  }

  /** "all" leaves out folders, and is the usual way to get here. */
  #grantsNothing(extension: NamedExtension, newest: PluginRecord): InstallError {
    const { kind, name } = extension
    const asks = askedFor(askedBy(newest))
    const waiting = this.waiting(newest)
    const open = waiting.length > 0 ? waiting : asks
    const reason =
      asks.length === 0
        ? 'it asks for none'
        : `it asks for ${asks.map(nameOfGrant).join(', ')}${asks.some(isFolder) ? ', and a folder is granted with its path' : ''}: ${grantCall(kind, name, open)}`
    return new InstallError('bad-request', `no power of ${whoIs(extension)} is named; ${reason}`)
  }
}

/** A source, sink or function, as it is called. */
export interface NamedExtension {
  readonly kind: PluginKind
  readonly name: string
}

export function askedBy({ asked }: PluginRecord): Permissions {
  return (asked ?? {}) as Permissions
}

export function givenTo({ given }: PluginRecord): readonly Grant[] {
  return Array.isArray(given) ? (given as Grant[]) : []
}

/** Kuiper's sentence is followed by this one when a plugin has not got all that it asks for. */
export function waitingText(
  waiting: readonly Grant[],
  { kind, name }: { readonly kind: string; readonly name: string },
  call: string = grantCall(kind, name, waiting),
): string | undefined {
  if (waiting.length === 0) return undefined
  const asks = waiting.map(nameOfGrant).join(', ')
  return `it asks for ${asks} and has no such power until it is granted: ${call}`
}

/** Of what came by a drop-in folder: its powers stand in the policy file and nowhere else. */
export function policyCall(packageName: string): string {
  return `etc/grants.yaml, package "${packageName}"`
}

/** The two ways to give a power, ready to be pasted and gone on with `--grant …`. */
export function grantCall(kind: string, name: string, powers: readonly Grant[] = []): string {
  return `POST /plugins/${kind}s/${name}/grants, plutino plugin grant ${name}${powers.map(flagOf).join('')}`
}

function flagOf(grant: Grant): string {
  const { power, to } = grant
  if (power === 'files') return ` --grant files.${to}${isFolder(grant) ? '=PATH' : ''}`
  return ` --grant ${power}=${to}`
}
