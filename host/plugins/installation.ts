import type { PluginRecord } from '#host/catalog/plugins.ts'
import type { PluginCode } from '#src/worker/protocol.ts'
import { type Grant, stillAsked } from './grants.ts'
import type { Inspection, InstalledDetails } from './installed.ts'
import { type Extension, extensionKinds } from './layout.ts'
import type { Prepared } from './prepare.ts'
import type { StoredScript } from './store.ts'
import { yamlDigests } from './yaml-file.ts'

/** A package that is on disk and was inspected. */
export interface Installation {
  readonly prepared: Prepared
  readonly stored: { readonly path: string; readonly scripts: readonly StoredScript[] }
  readonly extensions: readonly (Extension & Inspection)[]
  readonly url: string
  /** What the versions before it were granted, and what came with the request. */
  readonly given: readonly Grant[]
  readonly dropIn?: string | undefined
}

/** What the catalog keeps: a record for each kind that the package has. */
export function recordsOf(installation: Installation): PluginRecord[] {
  const { prepared, stored, extensions, url, given, dropIn } = installation
  const { content, sha256, tier, etc, signer } = prepared
  const details: InstalledDetails = {
    url,
    extensions,
    scripts: stored.scripts,
    hasInstallScript: content.hasInstallScript,
    alias: content.alias,
    yaml: yamlDigests(content.yaml),
    hasEtc: etc.length > 0,
    signer,
    dropIn,
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
        tier,
        asked: content.permissions,
        given: stillAsked(given, content.permissions),
        details,
      },
    ]
  })
}

/** An extension as a worker loads it. */
export function codeOf(
  from: { readonly package: string; readonly version: string },
  { kind, name, export: exported }: Extension,
  { text, sha256 }: { readonly text: string; readonly sha256: string },
): PluginCode {
  return {
    package: from.package,
    version: from.version,
    text,
    sha256,
    export: exported,
    kind,
    name,
  }
}
