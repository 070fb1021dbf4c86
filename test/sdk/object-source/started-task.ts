import { pureCodecs } from '@plutino/sdk/object-source/compression'
import { ParquetTransformer } from '@plutino/sdk/object-source/parquet'
import { type MemoryStore, type StoreTaskParts, setup, storeTask, VirtualTime } from './rig.ts'

/** What a task has that reads every format and every compression. */
export const everyFormat: StoreTaskParts = {
  transformers: [new ParquetTransformer()],
  codecs: pureCodecs,
}

/** A task over a store, started, in a time that is moved by hand. */
export async function started(
  store: MemoryStore,
  props: Readonly<Record<string, unknown>> = { 'input.format': 'jsonl' },
  more: Parameters<typeof setup>[1] = {},
) {
  const time = new VirtualTime()
  const { task, made } = storeTask(store, everyFormat)
  const context = setup(time, more)
  await task.start(context, props)
  return { task, time, made, log: context.logger }
}

/** How many records of its object were read up to each record. */
export function counts(
  records: readonly { readonly sourceOffset: Readonly<Record<string, unknown>> }[],
): unknown[] {
  return records.map(({ sourceOffset }) => sourceOffset.recordCount)
}

/** `a0`, `a1`, `b0`: the object of each value of `lines`, and its number there. */
export function froms(values: readonly unknown[]): string[] {
  return values.map((value) => {
    const { from, id } = value as { from: string; id: number }
    return `${from}${id}`
  })
}

/** A connection that broke: read again. */
export function lost(): Error {
  return Object.assign(new Error('connection reset'), { code: 'ECONNRESET' })
}
