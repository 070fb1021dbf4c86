/** The timers of the thread, taken before the globals are cut. */
export interface RealTimers {
  readonly setTimeout: typeof setTimeout
  readonly setInterval: typeof setInterval
  readonly setImmediate: typeof setImmediate
  readonly clearTimeout: typeof clearTimeout
  readonly clearImmediate: typeof clearImmediate
}

/** A plugin's own timers: what it sees as globals, and an end to all of them. */
export interface PluginTimers {
  readonly globals: Readonly<Record<string, (...args: never[]) => unknown>>
  stop(): void
}

export const MAX_TIMERS = 10_000

type RealHandle = NodeJS.Timeout | NodeJS.Immediate
type Callback = (...args: unknown[]) => unknown

/**
 * One set per plugin, so that none can use up or disarm another's. What a plugin holds is an opaque object: the runtime's
 * own handles are linked to every other timer of the thread.
 *
 * @param failed gets what a callback threw
 * @param limited told when one is refused
 */
export function pluginTimers(
  real: RealTimers,
  failed: (error: unknown) => void,
  limited: () => void = () => {},
): PluginTimers {
  const live = new Map<TimerHandle, RealHandle>()

  function start(
    callback: unknown,
    args: readonly unknown[],
    arm: (run: () => void) => RealHandle,
    again: boolean,
  ): TimerHandle {
    if (typeof callback !== 'function') throw new TypeError('the callback must be a function')
    if (live.size >= MAX_TIMERS) {
      limited()
      throw new RangeError(`more than ${MAX_TIMERS} timers at a time`)
    }
    const handle = new TimerHandle(live, clear)
    live.set(
      handle,
      arm(() => {
        if (!again) live.delete(handle)
        try {
          ;(callback as Callback)(...args)
        } catch (error) {
          failed(error)
        }
      }),
    )
    Object.freeze(handle)
    return handle
  }

  function clear(handle: unknown): void {
    const timer = live.get(handle as TimerHandle)
    if (timer === undefined) return
    live.delete(handle as TimerHandle)
    real.clearTimeout(timer as NodeJS.Timeout)
    real.clearImmediate(timer as NodeJS.Immediate)
  }

  return {
    globals: {
      setTimeout: (callback: unknown, ms?: unknown, ...args: unknown[]) =>
        start(callback, args, (run) => real.setTimeout(run, delay(ms)), false),
      setInterval: (callback: unknown, ms?: unknown, ...args: unknown[]) =>
        start(callback, args, (run) => real.setInterval(run, delay(ms)), true),
      setImmediate: (callback: unknown, ...args: unknown[]) =>
        start(callback, args, (run) => real.setImmediate(run), false),
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
    },
    stop() {
      for (const handle of live.keys()) clear(handle)
    },
  }
}

function delay(ms: unknown): number {
  const value = typeof ms === 'number' ? ms : Number(ms)
  return value >= 1 && value <= 0x7fff_ffff ? value : 1
}

/** What `setTimeout` gives a plugin. The methods that Node's own has, over nothing but the plugin's own timers. */
export class TimerHandle {
  readonly #live: Map<TimerHandle, RealHandle>
  readonly #clear: (handle: TimerHandle) => void

  constructor(live: Map<TimerHandle, RealHandle>, clear: (handle: TimerHandle) => void) {
    this.#live = live
    this.#clear = clear
  }

  ref(): this {
    this.#live.get(this)?.ref()
    return this
  }

  unref(): this {
    this.#live.get(this)?.unref()
    return this
  }

  hasRef(): boolean {
    return this.#live.get(this)?.hasRef() ?? false
  }

  refresh(): this {
    const timer = this.#live.get(this)
    if (timer !== undefined && 'refresh' in timer) timer.refresh()
    return this
  }

  close(): this {
    this.#clear(this)
    return this
  }

  [Symbol.dispose](): void {
    this.#clear(this)
  }
}
