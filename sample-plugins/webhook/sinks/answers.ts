/** Later than this a service that asks for patience is asked again anyway. */
const MAX_WAIT_MS = 5 * 60_000

/** What an answer means for the rows. */
export type Verdict = 'taken' | 'later' | 'never'

/** Later: the service is busy, or broken for the moment. Never: it does not want these rows, however often they come. */
export function verdictOf(status: number): Verdict {
  if (status >= 200 && status < 300) return 'taken'
  if (status >= 500 || status === 429 || status === 408 || status === 425) return 'later'
  return 'never'
}

/**
 * How long a service asks to be left alone, ms: `Retry-After` in seconds or as a date.
 *
 * @param now ms since the epoch
 */
export function waitOf(retryAfter: string | null, now: number): number {
  if (retryAfter === null) return 0
  const text = retryAfter.trim()
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(ms) ? 0 : Math.min(MAX_WAIT_MS, Math.max(0, ms))
}
