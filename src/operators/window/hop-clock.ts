import { dayNumber, midnight } from './tumbling-clock.ts'

/**
 * The windows of a HOPPINGWINDOW by number: window n ends at the nth multiple of the interval, and hop n is the time
 * between the ends of windows n - 1 and n. Windows start inside of hops where the length is no multiple of the interval;
 * so a hop has two panes at most, whatever the length: 2n until the start of a window, 2n + 1 from there.
 */
export interface HopClock {
  hopOf(time: number): number
  endOf(window: number): number
  startOf(window: number): number
  /** Where a window starts in the hop; its end when none does. */
  splitOf(hop: number): number
  /** The oldest pane of a window. The newest is that of its hop. */
  firstPane(window: number): number
}

export interface HopOptions {
  readonly lengthMs: number
  readonly intervalMs: number
  /** Windows of whole days end at midnight of `timeZone`; all others are aligned to the epoch. */
  readonly byDays: boolean
  /** IANA name. */
  readonly timeZone: string
}

const DAY_MS = 86_400_000

export function hopClock({ lengthMs, intervalMs, byDays, timeZone }: HopOptions): HopClock {
  const whole = Math.floor(lengthMs / intervalMs)
  if (!byDays) {
    return clockOf(whole, {
      hopOf: (time) => Math.floor(time / intervalMs) + 1,
      endOf: (window) => window * intervalMs,
      startOf: (window) => window * intervalMs - lengthMs,
    })
  }
  const [length, interval] = [lengthMs / DAY_MS, intervalMs / DAY_MS]
  return clockOf(whole, {
    hopOf: (time) => Math.floor(dayNumber(time, timeZone) / interval) + 1,
    endOf: (window) => midnight(window * interval, timeZone),
    startOf: (window) => midnight(window * interval - length, timeZone),
  })
}

/** @param whole how many whole hops a window has */
function clockOf(whole: number, own: Pick<HopClock, 'hopOf' | 'endOf' | 'startOf'>): HopClock {
  return {
    ...own,
    splitOf: (hop) => own.startOf(hop + whole),
    firstPane: (window) => 2 * (window - whole) + 1,
  }
}
