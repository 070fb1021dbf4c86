import type { Consumer, Rewindable, Source, SourceContext, SourceTuple } from '@plutino/sdk'
import { type MemoryState, memoryLog } from './rig.ts'

export type RewindableSource = Source & Rewindable
export interface Life {
  readonly tuples: SourceTuple[]
  readonly offset: unknown
  /** Every 32nd offset, as a host keeps them in a spool. */
  readonly trail: readonly unknown[]
}

/**
 * A life of a source, as the host leads it: configure, rewind, open, close, with the offset read in each call of the
 * consumer. Killed after so many tuples: what it brings while it is closed does not count.
 */
export async function live(
  source: RewindableSource,
  options: {
    readonly datasource?: string
    readonly props?: Record<string, unknown>
    readonly state: MemoryState
    readonly from?: unknown
    readonly since?: readonly unknown[]
    readonly until: number
    /** Keeps what comes during closing, as an orderly stop does. */
    readonly isOrderly?: boolean
    readonly slow?: () => Promise<void>
    /** The host takes tuples of many lines. */
    readonly takesLines?: boolean
  },
): Promise<Life> {
  const tuples: SourceTuple[] = []
  let offset: unknown
  const trail: unknown[] = []
  const abort = new AbortController()
  let reached: () => void = () => {}
  const enough = new Promise<void>((resolve) => {
    reached = resolve
  })
  const ctx = {
    ruleId: 'rule',
    operatorId: 'source_0',
    instanceId: 0,
    instances: 1,
    takesLines: options.takesLines,
    signal: abort.signal,
    logger: memoryLog(),
    clock: { now: Date.now },
    putState: (key: string, value: unknown) => options.state.putState(key, value),
    getState: (key: string) => options.state.getState(key),
    deleteState: (key: string) => options.state.deleteState(key),
    ready: () => {},
    end: () => {},
  } as unknown as SourceContext
  let isOver = false
  const consumer: Consumer = (data) => {
    if (isOver) return undefined
    tuples.push(data as SourceTuple)
    offset = JSON.parse(JSON.stringify(source.getOffset()))
    if (tuples.length % 32 === 0) trail.push(offset)
    if (tuples.length === options.until) {
      isOver = options.isOrderly !== true
      reached()
    }
    return options.slow?.()
  }
  await source.configure(options.datasource ?? '', options.props ?? {})
  if (options.from !== undefined) await source.rewind(options.from, options.since)
  const opened = Promise.resolve(source.open(ctx, consumer, () => {}))
  await Promise.race([enough, opened])
  abort.abort()
  await source.close(ctx)
  await opened
  return { tuples, offset, trail }
}
