import type { PluginRecord } from '#host/catalog/plugins.ts'
import { policyCall, waitingText } from './grant-book.ts'
import type { Grant } from './grants.ts'
import type { PackageContent } from './layout.ts'
import type { Prepared } from './prepare.ts'
import type { PluginKind } from './service.ts'
import { compareVersions } from './version.ts'

/** What an operator is told after Kuiper's sentence. */
export function notesOf(
  { content, tier }: Prepared,
  waiting: readonly Grant[],
  extension: {
    readonly kind: PluginKind
    readonly name: string
    readonly dropIn?: string | undefined
  },
): string[] {
  const notes: string[] = []
  if (content.hasInstallScript)
    notes.push('install.sh in the zip was not run: no script of a plugin ever is')
  if (tier === 'trusted')
    notes.push('it is trusted: nothing confines it, and it can do whatever the server can')
  const { dropIn } = extension
  const call = dropIn === undefined ? undefined : policyCall(content.package)
  const text = waitingText(waiting, extension, call)
  if (text !== undefined) notes.push(text)
  return notes
}

/** Of an upgrade to a lower version: what becomes of the higher ones. */
export function removedHigher(
  older: readonly PluginRecord[],
  held: readonly PluginRecord[],
  content: PackageContent,
): string[] {
  const higher = new Map(older.map(({ version, path }) => [version, path]))
  higher.delete(content.version)
  return [...higher].map(([version, path]) => {
    const isHeld = held.some((record) => record.path === path)
    return isHeld
      ? `version ${version} goes when no rule holds it any more`
      : `version ${version} was removed, which would have been used in its place`
  })
}

/** Of an installation beside lower versions, which moves no rule: a drop-in file cannot be upgraded by a call. */
export function rulesLeftBehind(
  versions: readonly PluginRecord[],
  { package: name, version }: PackageContent,
  { file, dropIn }: { readonly file: string; readonly dropIn?: string | undefined },
  usersOf: (records: readonly PluginRecord[]) => readonly string[],
): string[] {
  const lower = versions
    .filter((record) => compareVersions(version, record.version) > 0)
    .toSorted((a, b) => compareVersions(b.version, a.version))
  const stay = [...Map.groupBy(lower, (record) => record.version)].flatMap(([old, records]) => {
    const rules = usersOf(records)
    return rules.length === 0 ? [] : [`${rules.join(', ')} on version ${old}`]
  })
  if (stay.length === 0) return []
  const call =
    dropIn === undefined ? `plutino plugin upgrade ${name} ${file}` : 'plutino restart rule ID'
  return [`rules stay on the version that they have (${stay.join('; ')}); to move them: ${call}`]
}
