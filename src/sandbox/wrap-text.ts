import { guarded, plainError } from './plain-error.ts'
import { bytesOfView, getterOf, lengthOfBuffer, lengthOfView } from './slots.ts'

const { apply } = Reflect
const RealEncoder = TextEncoder
const RealDecoder = TextDecoder
const realAtob = atob
const realBtoa = btoa
const Bytes = Uint8Array
const bufferOfDataView = getterOf(DataView.prototype, 'buffer')
const startOfDataView = getterOf(DataView.prototype, 'byteOffset')
const lengthOfDataView = getterOf(DataView.prototype, 'byteLength')
const setBytes = Uint8Array.prototype.set

/**
 * A plain copy of a buffer or view, read by its slots: its properties may be the plugin's own.
 *
 * @throws TypeError when it is neither
 */
export function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  if (typeof value === 'object' && value !== null) {
    for (const read of [bytesOfView, bufferBytes, dataViewBytes]) {
      try {
        return new Bytes(read(value))
      } catch {
        // not of this kind
      }
    }
  }
  throw new TypeError('bytes expected: a buffer or a view of one')
}

function bufferBytes(value: object): Uint8Array {
  return new Bytes(value as ArrayBuffer, 0, apply(lengthOfBuffer, value, []) as number)
}

function dataViewBytes(value: object): Uint8Array {
  const length = apply(lengthOfDataView, value, []) as number
  return new Bytes(
    apply(bufferOfDataView, value, []) as ArrayBuffer,
    apply(startOfDataView, value, []) as number,
    length,
  )
}

/** As the platform's, with the native object out of reach and all arguments converted before it sees them. */
export class PluginTextEncoder {
  readonly #real = new RealEncoder()

  get encoding(): string {
    return 'utf-8'
  }

  encode(text: unknown = ''): Uint8Array {
    return new Bytes(this.#real.encode(`${text as string}`))
  }

  encodeInto(source: unknown, target: unknown): { read: number; written: number } {
    const text = `${source as string}`
    const room = apply(lengthOfView, target, []) as number
    const scratch = new Bytes(Math.min(room, text.length * 3))
    const { read, written } = this.#real.encodeInto(text, scratch)
    apply(setBytes, target, [new Bytes(scratch.buffer, 0, written)])
    return { read, written }
  }
}

/** As the platform's; see `PluginTextEncoder`. */
export class PluginTextDecoder {
  readonly #real: TextDecoder

  constructor(label: unknown = 'utf-8', options?: { fatal?: unknown; ignoreBOM?: unknown }) {
    const fatal = Boolean(options?.fatal)
    const ignoreBOM = Boolean(options?.ignoreBOM)
    const name = `${label as string}`
    this.#real = guarded(() => new RealDecoder(name, { fatal, ignoreBOM }))
  }

  get encoding(): string {
    return this.#real.encoding
  }

  get fatal(): boolean {
    return this.#real.fatal
  }

  get ignoreBOM(): boolean {
    return this.#real.ignoreBOM
  }

  decode(bytes?: unknown, options?: { stream?: unknown }): string {
    const stream = Boolean(options?.stream)
    const plain = bytes === undefined ? new Bytes(0) : bytesOf(bytes)
    try {
      return this.#real.decode(plain, { stream })
    } catch (error) {
      throw plainError(error)
    }
  }
}

export function pluginAtob(text: unknown): string {
  const plain = `${text as string}`
  return guarded(() => realAtob(plain))
}

export function pluginBtoa(text: unknown): string {
  const plain = `${text as string}`
  return guarded(() => realBtoa(plain))
}
