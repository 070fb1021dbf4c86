import { isLossless } from '../lossless.ts'
import { type Data, newDefaultSourceTuple, newLinesTuple, type SourceTuple } from '../tuple.ts'
import { RECORD_COUNT } from './offset-entry.ts'
import type { SourceRecord } from './record.ts'
import { EmittedRecord } from './source-record.ts'
import type { AbstractSourceTask } from './task.ts'

/** So many characters of rows become one tuple, about, and so many rows. */
const MAX_CHARACTERS = 32_768
const MAX_ROWS = 500
const encoder = new TextEncoder()

/** Values that are rows or bytes as they are, others in a row `{ value }`; what is known of them as metadata. */
export function defaultTuple(record: SourceRecord): SourceTuple {
  return newDefaultSourceTuple(dataOf(record.value.value), metaOf(record), record.timestamp)
}

/**
 * A record of many lines, or a row together with those behind it in its object that are queued already: one tuple, whose
 * offset is that of the last of them, instead of an offset and metadata for each.
 *
 * @param task of which the record was taken, and those that go with it are
 * @returns `undefined` for a record that goes alone
 */
export function linesTuple(
  record: SourceRecord,
  task: AbstractSourceTask,
): SourceTuple | undefined {
  if (!(record instanceof EmittedRecord)) return undefined
  const { data, lines } = record
  if (lines !== undefined) {
    return newLinesTuple(data as Uint8Array, metaOf(record), RECORD_COUNT)
  }
  const first = lineOf(data)
  if (first === undefined) return undefined
  const texts = [first]
  let characters = first.length
  for (let last = record; texts.length < MAX_ROWS && characters < MAX_CHARACTERS; ) {
    let text: string | undefined
    const behind = last
    const next = task.takeAlong((record) => {
      if (!(record instanceof EmittedRecord) || record.lines !== undefined) return false
      if (!record.follows(behind)) return false
      text = lineOf(record.data)
      return text !== undefined
    })
    if (text === undefined || !(next instanceof EmittedRecord)) break
    texts.push(text)
    characters += text.length
    last = next
  }
  return newLinesTuple(encoder.encode(texts.join('\n')), metaOf(record), RECORD_COUNT)
}

function metaOf({ topic, partition, key, meta }: SourceRecord): Record<string, unknown> {
  const about: Record<string, unknown> = { ...meta }
  if (topic !== undefined) about.topic = topic
  if (partition !== undefined) about.partition = partition
  if (!(key.value instanceof Uint8Array) && key.value !== null) about.key = key.value
  return about
}

/** `undefined` for bytes, and where JSON does not give the value back as it is. */
function lineOf(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return undefined
  const data = dataOf(value)
  return isLossless(data) ? JSON.stringify(data) : undefined
}

function dataOf(value: unknown): Data {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Data
  return { value }
}
