import { VirtualTime, type VirtualTimer } from '@plutino/sdk/testing/virtual-time'
import { clearRealImmediate } from './capture.ts'
import type { PluginTime } from './realm.ts'

/** A clock that stands still until `step`. */
export interface TestTime extends PluginTime {
  start(now: number): void
  /** Fires the next timer that is due by then, and lets what it set going settle. @returns whether there was one */
  step(until: number): Promise<boolean>
}

/** Turns of the event loop after each timer. */
const TURNS = 4

type Handle = VirtualTimer & NodeJS.Timeout

/** @param immediate the thread's own: what is not late for any clock */
export function testTime(immediate: typeof setImmediate): TestTime {
  // what timers throw is caught by those who started them
  let clock = new VirtualTime(0, () => {})
  const settled = async () => {
    for (let turn = 0; turn < TURNS; turn++) {
      await new Promise<void>((wake) => void immediate(wake))
    }
  }
  return {
    start(now) {
      clock = new VirtualTime(now, () => {})
    },
    async step(until) {
      await settled()
      const fired = clock.step(until)
      await settled()
      return fired
    },
    wallTime: () => clock.now,
    timers: {
      setTimeout: ((run: () => void, ms: unknown) =>
        clock.setTimeout(run, ms) as Handle) as unknown as typeof setTimeout,
      setInterval: ((run: () => void, ms: unknown) =>
        clock.setInterval(run, ms) as Handle) as unknown as typeof setInterval,
      setImmediate: immediate,
      clearTimeout: ((timer: unknown) => clock.clear(timer)) as typeof clearTimeout,
      clearImmediate: clearRealImmediate,
    },
  }
}
