import type { PayloadChunk } from './connector.ts'
import { chunkPart, payloadsOf } from './payloads.ts'

/** Payloads of a chunk that follow each other and go to the same topic; `undefined`: to none that there can be. */
export interface TopicRun {
  readonly topic: string | undefined
  readonly part: PayloadChunk
}

export function* topicRuns(chunk: PayloadChunk): Generator<TopicRun> {
  let from = 0
  let index = 0
  let topic: string | undefined
  for (const { meta } of payloadsOf(chunk)) {
    const next = checkedTopic(meta?.topic)
    if (index > from && (next !== topic || next === undefined)) {
      yield { topic, part: chunkPart(chunk, from, index) }
      from = index
    }
    topic = next
    index++
  }
  if (index > from) yield { topic, part: chunkPart(chunk, from, index) }
}

export function noTopic(sink: string): Error {
  return new Error(
    `sink "${sink}": property "topic" gave no topic for this row: it must be text without wildcards`,
  )
}

/** A topic that a message can be published on; `undefined`: it is none. */
export function checkedTopic(topic: unknown): string | undefined {
  const isTopic = typeof topic === 'string' && topic !== '' && topic !== '<no value>'
  return isTopic && !/[+#\0]/.test(topic) && topic.length <= 65_535 ? topic : undefined
}
