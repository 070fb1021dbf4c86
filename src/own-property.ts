/*
 * Any name can be that of a column or a field. `__proto__`, assigned or plain in an object literal, would set the
 * prototype instead; and what is assigned under a name of a frozen prototype is refused.
 */

const { defineProperty } = Reflect

/** Sets a property of the object itself, and nothing else, whatever its name. */
export function defineOwn(target: object, name: string, value: unknown): void {
  defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true })
}

/** As `defineOwn`, but as fast as an assignment: for objects whose prototype lets itself be hidden. */
export function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') defineOwn(target, name, value)
  else target[name] = value
}

/** A name as the key of an object literal in generated code. */
export function literalKey(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)
}
