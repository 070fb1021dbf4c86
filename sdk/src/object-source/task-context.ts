import type { Logger, PluginContext } from '../context.ts'
import type { Sleep } from './backoff.ts'
import type { OffsetManager } from './offset-manager.ts'
import type { ResumePoint } from './progress.ts'

/** What the plugin was granted, as its source's context has it. */
export type TaskPowers = Pick<PluginContext, 'files' | 'secrets' | 'fetch' | 'connect'>

/** What a task and its iterator are given. Time and chance come from here, so that tests can move them. */
export interface TaskContext {
  /** Aborted when the task stops, and when it goes back. */
  readonly signal: AbortSignal
  readonly logger: Logger
  /** What is known of objects: of an earlier life and on their way. */
  readonly offsetManager: OffsetManager
  /** Where an iterator over objects goes on. */
  readonly resume: ResumePoint
  /** There when the host runs the task. */
  readonly powers?: TaskPowers | undefined
  /** Which of how many instances this is. */
  readonly taskId: number
  readonly tasks: number
  /** ms since the epoch */
  readonly now: () => number
  readonly random: () => number
  readonly sleep: Sleep
}
