import { parentPort } from 'node:worker_threads'
import { payloadStart } from '#src/flow/frame.ts'
import type { Range } from '#src/worker/protocol.ts'

/** Looks at each frame's length and first byte, as the reference's worker does. */
let [tuples, sum] = [0, 0]

parentPort?.on('message', (message: readonly Range[] | 'state') => {
  if (message === 'state') {
    const { user, system } = process.threadCpuUsage()
    parentPort?.postMessage({ tuples, sum, cpuUs: user + system, at: performance.now() })
    return
  }
  for (const { buffer, count } of message) {
    const view = new DataView(buffer)
    const bytes = new Uint8Array(buffer)
    let at = 0
    for (let i = 0; i < count; i++) {
      const start = payloadStart(view, at)
      sum += bytes[start] as number
      at = start + view.getUint32(at, true)
    }
    tuples += count
  }
  parentPort?.postMessage('done')
})
parentPort?.postMessage('ready')
