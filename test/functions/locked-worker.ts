import { isDeepStrictEqual } from 'node:util'
import { parentPort } from 'node:worker_threads'
import { closeRealm } from '#src/worker/lockdown.ts'
import { functions, planned } from './evaluate.ts'

/** Runs every documented example where a rule runs, and reports those that give something else there. */
const runs = functions.declarations.flatMap(({ kind, examples }) =>
  examples.map(({ sql, row = {}, rows = [row], gives }) => {
    const run = planned(sql)
    return { sql, gives, values: () => (kind === 'analytic' ? run(rows) : run(rows)[0]) }
  }),
)
const port = parentPort

closeRealm()

const different = runs.flatMap(({ sql, gives, values }) => {
  const found = attempt(values)
  return isDeepStrictEqual(found, gives) ? [] : [`${sql}: ${JSON.stringify(found)}`]
})
port?.postMessage({ count: runs.length, different, isLocked: Object.isFrozen(Array.prototype) })

function attempt(values: () => unknown): unknown {
  try {
    return values()
  } catch (error) {
    return { error: (error as Error).message }
  }
}
