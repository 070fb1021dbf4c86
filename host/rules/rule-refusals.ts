import { HostError } from '#host/errors.ts'
import type { RuleDefinition } from './definition.ts'

/** The peer's sentence for a command to a rule that is not there. */
export function notRegistered(verb: string): (id: string) => string {
  return (id) =>
    `${verb} rule error: Rule ${id} is not found in registry, please check if it is created`
}

/** @throws HostError `stale-version` */
export function checkVersion(old: RuleDefinition, now: RuleDefinition): void {
  if (old.version === '' || now.version === '' || now.version > old.version) return
  throw new HostError(
    'stale-version',
    `rule ${old.id} already exists with version (${old.version}), new version (${now.version}) is lower`,
  )
}
