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
