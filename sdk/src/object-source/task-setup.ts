import type { Logger, State } from '../context.ts'
import type { Sleep } from './backoff.ts'
import type { TaskPowers } from './task-context.ts'

/** What a task is started with. */
export interface TaskSetup {
  readonly logger: Logger
  /** Where the ends of objects are kept, in the rule's checkpoint. */
  readonly state: Pick<State, 'getState' | 'putState' | 'deleteState'>
  /** Files, secrets and network of the plugin. */
  readonly powers?: TaskPowers | undefined
  /** Apart from other sources of the rule. @default object-source */
  readonly prefix?: string | undefined
  /** Which of how many instances. @default as the configuration has it */
  readonly taskId?: number | undefined
  readonly tasks?: number | undefined
  readonly now?: (() => number) | undefined
  readonly random?: (() => number) | undefined
  readonly sleep?: Sleep | undefined
  /** Records may come several at a time, as lines of JSON. @default false */
  readonly takesLines?: boolean | undefined
}
