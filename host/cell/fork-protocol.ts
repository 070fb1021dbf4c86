import {
  type Cell,
  CellError,
  type CellErrorCode,
  type CellEvent,
  cellErrorCodes,
  type LogLine,
  type RefusedPower,
  type RuleKey,
  type StoredCheckpoint,
} from './cell.ts'
import type { Tier } from './workers/bundle.ts'
import type { WatchdogOptions } from './workers/watchdog.ts'

/** What the process of a cell and its parent say to each other. Structured clone: buffers stay buffers. */
export type CellMethod = Exclude<keyof Cell, 'watch'>

export const cellMethods: readonly CellMethod[] = [
  'deploy',
  'upgrade',
  'resetSource',
  'stop',
  'status',
  'checkpoint',
  'forget',
  'health',
  'close',
]

/** How the cell is made over there: its connectors cannot cross, so the module that makes them is named. */
export interface ForkSetup {
  readonly connectors: { readonly module: string; readonly export: string }
  /** Where relative paths of rules begin: the process itself stays in an empty folder. */
  readonly base: string
  readonly cacheFolder: string
  readonly dataFolder?: string | undefined
  readonly entries?: Partial<Readonly<Record<Tier, string>>> | undefined
  readonly watchdog?: WatchdogOptions | undefined
}

export type ToCell =
  | { readonly type: 'setup'; readonly setup: ForkSetup }
  | {
      readonly type: 'call'
      readonly id: number
      readonly method: CellMethod
      readonly args: readonly unknown[]
    }
  | { readonly type: 'committed'; readonly id: number; readonly error?: PlainError | undefined }
  | { readonly type: 'keyed'; readonly id: number; readonly values: readonly unknown[] }

export type FromCell =
  | { readonly type: 'ready' }
  | {
      readonly type: 'result'
      readonly id: number
      readonly value?: unknown
      readonly error?: PlainError | undefined
    }
  | { readonly type: 'event'; readonly event: CellEvent }
  | { readonly type: 'log'; readonly line: LogLine }
  | {
      readonly type: 'keyed-state'
      readonly id: number
      readonly tenant: string
      readonly keys: readonly string[]
    }
  | { readonly type: 'refused'; readonly refusal: RefusedPower }
  | {
      readonly type: 'commit'
      readonly id: number
      readonly key: RuleKey
      readonly checkpoint: StoredCheckpoint
    }

export interface PlainError {
  readonly code: string
  readonly message: string
}

export function plainOf(error: unknown): PlainError {
  if (!(error instanceof Error)) return { code: 'open-failed', message: String(error) }
  const code = 'code' in error ? String(error.code) : 'open-failed'
  return { code, message: error.message }
}

export function errorOf({ code, message }: PlainError): CellError {
  const known = cellErrorCodes.find((name): name is CellErrorCode => name === code)
  return new CellError(known ?? 'open-failed', message)
}
