import type { Emission } from '#src/worker/protocol.ts'
import type { ConnectorContext } from '../connectors/connector.ts'
import type { CipherOptions } from '../delivery/cipher.ts'
import type { DeadLetters } from '../delivery/dead-letters.ts'
import type { Outlet } from '../delivery/outlet.ts'
import type { Sender } from '../delivery/sender.ts'
import type { Connection } from './connection.ts'

/** What becomes of one action's payloads. */
export interface Lane {
  /** Payloads up to this number were dealt with: sent, dropped by name, or durable in a cache. */
  readonly acknowledged: number
  /** The number of the last payload that came out of the worker. */
  readonly accepted: number
  /** The number of the last payload of this worker's life; less than `accepted` while it emits again what is known. */
  readonly position: number
  /** It cannot take more: the rule is not to be fed. */
  readonly isFull: boolean
  /** Nothing would be lost if the process ended. */
  readonly isIdle: boolean
  /** Nothing is left to be sent. */
  readonly isEmpty: boolean
  /** What keeps it from sending, in one line; '' when there is nothing to say. */
  readonly trouble: string
  accept(emission: Emission): void
  /** The worker starts anew, and numbers from `position` on. */
  restart(position: number): void
  open(): Promise<void>
  close(): Promise<void>
  figures(): Record<string, number | string>
}

export interface LaneOptions {
  readonly outlet: Outlet
  readonly sender: Sender
  readonly deadLetters: DeadLetters | undefined
  readonly connection: Connection
  readonly context: ConnectorContext
  readonly cipher: CipherOptions | undefined
  readonly epoch: number
  readonly position: number
  /** Payloads that wait at most, and their bytes. @default 16384 and 16 MiB */
  readonly maxPayloads?: number | undefined
  readonly maxBytes?: number | undefined
  /** Room again, or something was acknowledged. */
  onProgress(): void
}
