import type { PluginRecord } from '#host/catalog/plugins.ts'
import { detailsOf } from './installed.ts'

/*
 * A version that was replaced while rules hold it stays installed for them, under a version of its own that no rule can
 * name: `1.2.0#0a1b2c3d`, with the digest of its zip. It goes when no rule holds it any more.
 */

export function isSuperseded(record: PluginRecord): boolean {
  return detailsOf(record).superseded !== undefined
}

export function supersededOf(record: PluginRecord): PluginRecord {
  if (isSuperseded(record)) return record
  const { version, sha256 } = record
  return {
    ...record,
    version: `${version}#${sha256.slice(0, 8)}`,
    details: { ...detailsOf(record), superseded: version, dropIn: undefined },
  }
}
