/** Digits behind the point beyond which a double has none. */
const mostDigits = 308

/** Rounds the shortest decimal that stands for the number, halves away from 0: 2.345 to two digits is 2.35. */
export function round(value: number, digits: number): number {
  if (!Number.isFinite(value) || digits > mostDigits || digits < -mostDigits) {
    return digits < -mostDigits ? 0 : value
  }
  const size = Math.abs(value)
  const rounded = shift(Math.round(shift(size, digits)), -digits)
  return value < 0 ? 0 - rounded : rounded
}

/** Moves the point of the decimal number; multiplying would round in the binary one. */
function shift(value: number, places: number): number {
  const [mantissa = '0', exponent = '0'] = String(value).split('e')
  return Number(`${mantissa}e${Number(exponent) + places}`)
}

/** The exact decimal value of the number to that many digits, halves to the even digit. */
export function fixed(value: number, digits: number): string {
  const size = Math.abs(value)
  const exact = size.toFixed(Math.min(100, digits + 60))
  const point = exact.indexOf('.')
  const tail = exact.slice(point + 1 + digits)
  const isTie = tail.startsWith('5') && /^50*$/.test(tail)
  const kept = exact.slice(0, point + 1 + digits)
  const last = Number(kept.replace('.', '').at(-1))
  const text = isTie && last % 2 === 0 ? kept.replace(/\.$/, '') : size.toFixed(digits)
  return value < 0 && /[1-9]/.test(text) ? `-${text}` : text
}
