import { ObjectSourceError } from './errors.ts'
import type { ObjectContext } from './object-context.ts'

/** How objects are shared out: by the hash of their key, or by the partition in their name. */
export type DistributionType = 'object_hash' | 'partition'

export const distributionTypes: readonly DistributionType[] = ['object_hash', 'partition']

/** Says to which of so many instances an object belongs. */
export class ObjectDistributionStrategy {
  readonly type: DistributionType
  #tasks = 1

  /** @throws ObjectSourceError `configuration` when there is not at least one task */
  constructor(type: DistributionType, tasks: number) {
    this.type = type
    this.configureDistributionStrategy(tasks)
  }

  get tasks(): number {
    return this.#tasks
  }

  /** From now on there are so many. */
  configureDistributionStrategy(tasks: number): void {
    if (!Number.isSafeInteger(tasks) || tasks < 1) {
      throw new ObjectSourceError('configuration', `tasks.max must be at least 1, not ${tasks}`)
    }
    this.#tasks = tasks
  }

  /** @returns -1 where there is nothing to tell by: no task takes it */
  getTaskFor(context: ObjectContext | undefined): number {
    return taskFor(this.type, this.#tasks, context)
  }
}

/** Which of `tasks` an object belongs to; -1 for none. */
export function taskFor(
  type: DistributionType,
  tasks: number,
  context: ObjectContext | undefined,
): number {
  if (context === undefined) return -1
  if (type === 'partition') {
    return context.partition === undefined ? -1 : floorMod(context.partition, tasks)
  }
  const { storageKey } = context
  if (storageKey === undefined || storageKey === null) return -1
  return floorMod(javaStringHash(String(storageKey)), tasks)
}

/** The remainder that is never negative. */
export function floorMod(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus
}

/** 32 bits over the UTF-16 units, as Java has it: objects go where other connectors of this design sent them. */
export function javaStringHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}
