import type { InstallRun } from '#host/plugins/progress.ts'
import type { InstallRequest, PluginKind } from '#host/plugins/service.ts'
import { movedText, sentences } from './sentences.ts'
import type { Services } from './services.ts'

export interface Replacement {
  readonly kind: PluginKind
  /** `sinks plugin mysql` */
  readonly title: string
  readonly request: InstallRequest
}

/** Installs a version in the place of the one that is used, and moves the rules as its policy says. @returns the answer */
export async function replacePlugin(
  { plugins, rules, tenant }: Services,
  { kind, title, request }: Replacement,
  run: InstallRun,
): Promise<string> {
  const { notes, package: changed } = await plugins.replace(tenant, kind, request, run)
  const isKept = request.policy === 'keep'
  if (!isKept) run.progress?.({ step: 'moving rules' })
  const moved = isKept ? [] : await rules.upgradeUsers(tenant, changed)
  await plugins.prune(tenant, false)
  return sentences(`${title} is updated`, [...notes, ...movedText(moved)])
}

/** A removal is forced: what holds the plugin is stopped, and says why. */
export async function stopUsers(
  { rules, tenant }: Services,
  users: readonly string[],
  name: string,
): Promise<void> {
  await Promise.all(users.map((id) => rules.stop(tenant, id, `plugin ${name} was removed`)))
}
