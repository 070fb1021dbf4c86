// Taken when the worker loads: what a plugin could replace later is not used.
const start = setTimeout
const stop = clearTimeout

/** The promise's outcome, or an error when it takes longer than that. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = start(() => late.reject(new Error(`no answer within ${ms} ms`)), ms)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    stop(timer)
  }
}
