import type { ProcessFacts } from './ambient.ts'
import type { RealTimers } from './timers.ts'

/** What the worker hands to the sandbox: taken before the realm was closed, or made by closing it. */
export interface Realm {
  readonly Compartment: CompartmentClass
  readonly harden: <T>(value: T) => T
  readonly timers: RealTimers
  readonly facts: Omit<ProcessFacts, 'nextTick'>
  readonly timeOrigin: number
  nextTick(run: () => void): void
  queueMicrotask(run: () => void): void
  /** `crypto` as plugins see it. */
  readonly crypto: object
  /** The most that one allocation may have. */
  readonly maxBytes: number
  readonly platform: {
    readonly AbortController: typeof AbortController
    readonly AbortSignal: typeof AbortSignal
    readonly DOMException: typeof DOMException
  }
  /** What `require('plutino:…')` gives the modules that stand for Node's, for every plugin: no power in it. */
  readonly modules: Readonly<Record<string, unknown>>
  /** Globals that all plugins share, hardened: classes of the platform in JavaScript, `Date`, `Math`, `Intl`. */
  readonly shared: Readonly<Record<string, unknown>>
}

/** SES's own, after the lockdown: the one from before hands out what is not frozen. */
export type CompartmentClass = new (options: {
  readonly __options__: true
  readonly name: string
  readonly globals: Readonly<Record<string, unknown>>
}) => {
  readonly globalThis: object
  evaluate(text: string): unknown
}
