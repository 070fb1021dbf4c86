declare module 'comlink/dist/esm/node-adapter.mjs' {
  import type { MessagePort, Worker } from 'node:worker_threads'
  import type { Endpoint } from 'comlink'

  /** Comlink's endpoint over a port or thread of Node's own kind. */
  export default function nodeEndpoint(port: MessagePort | Worker): Endpoint
}
