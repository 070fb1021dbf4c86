// @title call everything that the host serves with no stack left: half done work must harm nobody else
// @class tamper
// @grants fs
// @network http://127.0.0.1:PORT
import crypto from 'node:crypto'
import { EventEmitter } from 'node:events'
import util from 'node:util'
import zlib from 'node:zlib'
export default async ({ probe, context }) => {
  const calls = [
    () => setTimeout(() => {}, 1),
    () => setImmediate(() => {}),
    () => queueMicrotask(() => {}),
    () => structuredClone([{ a: [1] }]),
    () => JSON.parse('[[[1]]]'),
    () => new Promise((resolve) => resolve(1)).then(),
    () => context.logger?.info('x', { a: 1 }),
    () => context.putState?.('a', { b: 1 }),
    () => context.getState?.('a'),
    () => context.incrCounter?.('c', 1),
    () => fetch(`http://127.0.0.1:${probe.httpPort}/`).catch(() => {}),
    () => context.files?.stat('a').catch(() => {}),
    () => context.connect?.({ host: '127.0.0.1', port: 1 }).catch(() => {}),
    () => Buffer.from('abc').toString('hex'),
    () => crypto.createHash('sha1').update('a').digest(),
    () => zlib.gzipSync('abc'),
    () => new URL('http://a/?b=c').searchParams.get('b'),
    () => new TextDecoder().decode(new Uint8Array(3)),
    () => new EventEmitter().on('x', () => {}).emit('x'),
    () => util.inspect({ a: [1] }),
    () => new ReadableStream({ start() {} }).getReader(),
    () => new AbortController().abort(),
    () => [3, 1, 2].map((x) => x).sort(),
    () => new Map([[1, 2]]).get(1),
  ]
  let edges = 0
  const dive = (depth, run) => {
    if (depth > 0) return dive(depth - 1, run)
    return run()
  }
  const limit = () => {
    let depth = 0
    const down = () => {
      depth++
      down()
    }
    try {
      down()
    } catch {}
    return depth
  }
  const deepest = limit()
  for (const run of calls) {
    for (let spare = 0; spare < 400; spare += 4) {
      try {
        dive(Math.floor(deepest * 0.6) + Math.floor((deepest * 0.4 * (400 - spare)) / 400), run)
      } catch {
        edges++
      }
    }
  }
  return { deepest, edges }
}
