const { apply, getOwnPropertyDescriptor, getPrototypeOf } = Reflect
const Bytes = Uint8Array
const viewPrototype = getPrototypeOf(Uint8Array.prototype) as object

/*
 * Getters of the platform, taken before a plugin's code runs. Applied to a plugin's object they answer from its slots: its
 * own properties, its prototype and a proxy's traps have no say. On what has no such slot they throw a TypeError; the one
 * of the tag gives `undefined`.
 */
export const tagOfView = getterOf(viewPrototype, Symbol.toStringTag)
export const lengthOfView = getterOf(viewPrototype, 'byteLength')
export const bufferOfView = getterOf(viewPrototype, 'buffer')
export const lengthOfBuffer = getterOf(ArrayBuffer.prototype, 'byteLength')
const offsetOfView = getterOf(viewPrototype, 'byteOffset')

export function getterOf(prototype: object, key: string | symbol): () => unknown {
  const get = getOwnPropertyDescriptor(prototype, key)?.get
  if (get === undefined) throw new Error(`no getter ${String(key)}`)
  return get
}

/**
 * Bytes of our own over those of a typed array of any kind.
 *
 * @throws TypeError when it is none
 */
export function bytesOfView(view: object): Uint8Array<ArrayBuffer> {
  const length = apply(lengthOfView, view, []) as number
  return new Bytes(
    apply(bufferOfView, view, []) as ArrayBuffer,
    apply(offsetOfView, view, []) as number,
    length,
  )
}
