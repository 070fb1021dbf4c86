export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const

export const dayNames = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
] as const

/** The position of the name that begins with these three letters, from 0; -1 when there is none. */
export function indexOfName(names: readonly string[], text: string): number {
  const start = text.slice(0, 3).toLowerCase()
  return names.findIndex((name) => name.slice(0, 3).toLowerCase() === start)
}
