import { HostError } from '#host/errors.ts'

/** The IANA name of a time zone as options write it: `Local`, `UTC`, `Europe/Berlin`. */
export function timeZoneOf(name: string): string {
  if (name === 'Local' || name === '') return Intl.DateTimeFormat().resolvedOptions().timeZone
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch (error) {
    throw new HostError('bad-option', `Invalid TZ: unknown time zone ${name}`, { cause: error })
  }
}
