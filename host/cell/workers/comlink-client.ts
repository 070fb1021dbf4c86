import type { MessagePort } from 'node:worker_threads'
import { type Remote, transferHandlers, wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { WorkerFault } from './worker-fault.ts'

/**
 * Wraps what a worker exposes. The host takes no proxies and believes no error of a worker's: both of comlink's handlers
 * that would make something live of a message are put out of reach first. Idempotent, and host-wide on purpose.
 */
export function wrapWorker<T>(port: MessagePort): Remote<T> {
  transferHandlers.delete('proxy')
  transferHandlers.set('throw', {
    canHandle: (_value: unknown): _value is never => false,
    serialize: () => [undefined, []],
    deserialize: (thrown: unknown) => {
      throw WorkerFault.from(thrown)
    },
  })
  return wrap<T>(nodeEndpoint(port))
}
