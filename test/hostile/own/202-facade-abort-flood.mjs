// @title a signal of one's own hands out the listener of fetch: called five million times
// @class flood
import { sleep } from './_lib.mjs'
export default async ({ probe }) => {
  const listeners = []
  const signal = {
    aborted: false,
    reason: undefined,
    addEventListener: (_, listener) => listeners.push(listener),
    removeEventListener() {},
  }
  const answer = fetch(`http://127.0.0.1:${probe.httpPort}/`, { signal }).catch((error) =>
    String(error?.code ?? error),
  )
  await sleep(50)
  for (let i = 0; i < 5e6; i++) for (const listener of listeners) listener({ type: 'abort' })
  return {
    listeners: listeners.length,
    answer: await Promise.race([answer.then(() => 'over'), sleep(500)]),
  }
}
