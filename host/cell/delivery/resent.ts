import { mapPayloads } from '#src/flow/map-payloads.ts'
import type { PayloadChunk } from '../connectors/connector.ts'
import type { CacheOptions } from './action-options.ts'
import { marked } from './resend-mark.ts'

/** Payloads as they leave the cache: marked, and for another destination, where the action says so. */
export function resent(page: PayloadChunk, options: CacheOptions): PayloadChunk {
  const { resendIndicatorField: field, resendDestination: destination } = options
  const chunk = {
    ...page,
    isResent: options.resendAlterQueue,
    ...(destination === '' ? {} : { destination }),
  }
  return field === '' ? chunk : mapPayloads(chunk, (payload) => marked(payload, field))
}
