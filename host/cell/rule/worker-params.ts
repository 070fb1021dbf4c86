import type { PluginCode, SourceSetup } from '#src/worker/protocol.ts'
import type { PluginSpec, SourceSpec } from '../cell.ts'

/** Transferred to the worker; the checkpoint itself stays. */
export function copyOf(state: Uint8Array): ArrayBuffer {
  return Uint8Array.from(state).buffer
}

/** Without what was granted, of which the worker is told nothing. */
export function codeOf({ powers: _powers, ...code }: PluginSpec): PluginCode {
  return code
}

/** What a plugin's source is configured with; what built-in ones get stays here. */
export function setupOf(source: SourceSpec | undefined): SourceSetup | undefined {
  return source && { datasource: source.datasource, props: source.props }
}
