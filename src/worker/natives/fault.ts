const { getOwnPropertyDescriptor } = Reflect
const MAX_TEXT = 300

/**
 * An error of the language's own in place of one of Node's, which would lead to objects of the runtime: its message, its code
 * and its number.
 */
export function plainError(error: unknown): Error {
  const message = fieldOf(error, 'message')
  const made = new Error(typeof message === 'string' ? message.slice(0, MAX_TEXT) : 'it failed')
  for (const name of ['code', 'errno']) {
    const value = fieldOf(error, name)
    if (typeof value === 'string' || typeof value === 'number')
      Object.assign(made, { [name]: value })
  }
  return made
}

function fieldOf(error: unknown, name: string): unknown {
  if (typeof error !== 'object' || error === null) return undefined
  return getOwnPropertyDescriptor(error, name)?.value
}

/** Runs native code and lets nothing of its errors out. */
export function guarded<Result>(run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    throw plainError(error)
  }
}

/** @throws ERR_OUT_OF_RANGE */
export function integerIn(value: unknown, name: string, low: number, high: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high)
    return value
  throw Object.assign(new RangeError(`${name} must be a whole number from ${low} to ${high}`), {
    code: 'ERR_OUT_OF_RANGE',
  })
}

/** A property of a plugin's object, read once. */
export function option(options: unknown, name: string): unknown {
  if (typeof options !== 'object' || options === null) return undefined
  return (options as Record<string, unknown>)[name]
}
