export interface EventParts {
  readonly target: object
  readonly data?: unknown
  readonly origin?: string | undefined
  readonly code?: number | undefined
  readonly reason?: string | undefined
  readonly wasClean?: boolean | undefined
  readonly error?: unknown
  readonly message?: string | undefined
}

type Listener = (this: object, event: object) => unknown

interface Registered {
  readonly listener: unknown
  readonly isOnce: boolean
}

/** Listeners of one object by the type of event; what they throw reaches no other one. */
export class Listeners {
  readonly #byType = new Map<string, Registered[]>()
  readonly #properties = new Map<string, unknown>()
  readonly #failed: (error: unknown) => void

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  add(type: string, listener: unknown, options: unknown): void {
    if (listener === null || listener === undefined) return
    const known = this.#byType.get(type) ?? []
    if (known.some((each) => each.listener === listener)) return
    const isOnce =
      typeof options === 'object' &&
      options !== null &&
      (options as { readonly once?: unknown }).once === true
    this.#byType.set(type, [...known, { listener, isOnce }])
  }

  remove(type: string, listener: unknown): void {
    const known = this.#byType.get(type) ?? []
    this.#byType.set(
      type,
      known.filter((each) => each.listener !== listener),
    )
  }

  /** `onmessage` and its like. */
  property(type: string): unknown {
    return this.#properties.get(type) ?? null
  }

  setProperty(type: string, listener: unknown): void {
    this.#properties.set(type, typeof listener === 'function' ? listener : null)
  }

  tell(type: string, parts: EventParts): void {
    const event = eventOf(type, parts)
    const own = this.#properties.get(type)
    if (typeof own === 'function') this.#call(own as Listener, parts.target, event)
    for (const { listener, isOnce } of this.#byType.get(type) ?? []) {
      if (isOnce) this.remove(type, listener)
      this.#call(listener, parts.target, event)
    }
  }

  #call(listener: unknown, target: object, event: object): void {
    try {
      if (typeof listener === 'function') Reflect.apply(listener, target, [event])
      else (listener as { handleEvent(event: object): unknown }).handleEvent(event)
    } catch (error) {
      this.#failed(error)
    }
  }
}

/** The fields that those of the platform have: `MessageEvent`, `CloseEvent`, `ErrorEvent`. */
function eventOf(type: string, { target, ...parts }: EventParts): object {
  const still = { bubbles: false, cancelable: false, defaultPrevented: false }
  const nothing = () => {}
  return {
    type,
    target,
    currentTarget: target,
    ...still,
    preventDefault: nothing,
    stopPropagation: nothing,
    stopImmediatePropagation: nothing,
    ...parts,
  }
}
