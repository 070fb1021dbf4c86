const { defineProperty, getOwnPropertyDescriptor } = Reflect
const MAX_TEXT = 300
const kept = ['code', 'errno', 'input'] as const

/**
 * An error of the language's own in place of one of the runtime's, which would lead to objects that all plugins of the
 * thread share: its kind, its message, its code and its number.
 */
export function plainError(error: unknown): Error {
  const message = fieldOf(error, 'message') ?? domText(error, 'message')
  const text = typeof message === 'string' ? message.slice(0, MAX_TEXT) : 'it failed'
  const made = emptyError(error, text)
  for (const name of kept) {
    const value = fieldOf(error, name)
    if (typeof value === 'string' || typeof value === 'number') own(made, name, value)
  }
  const name = domText(error, 'name')
  if (name !== undefined) own(made, 'name', name)
  return made
}

/** Runs native code and lets nothing of its errors out. */
export function guarded<Result>(run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    throw plainError(error)
  }
}

function emptyError(error: unknown, text: string): Error {
  if (error instanceof TypeError) return new TypeError(text)
  if (error instanceof RangeError) return new RangeError(text)
  return new Error(text)
}

const Dom = DOMException

/** A `DOMException` has its texts in accessors. */
function domText(error: unknown, name: 'name' | 'message'): string | undefined {
  return error instanceof Dom ? error[name] : undefined
}

function own(made: Error, name: string, value: string | number): void {
  const isShown = name !== 'name'
  defineProperty(made, name, { value, writable: true, enumerable: isShown, configurable: true })
}

function fieldOf(error: unknown, name: string): unknown {
  if (typeof error !== 'object' || error === null) return undefined
  return getOwnPropertyDescriptor(error, name)?.value
}
