import type { Client } from './client.ts'
import type { Output } from './output.ts'

/** What a command works with. */
export interface Session {
  readonly client: Client
  readonly output: Output
}

/** Made when a command runs, from the options before it. */
export type OpenSession = () => Session

export function at(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('')
}
