import { Buffer } from 'node:buffer'
import { TemplateError } from './template.ts'
import { jsonOf, numberOf, textOf } from './values.ts'

const verb = /%([-+0 #]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g
const widest = 1000

/** Go's `printf`, for the verbs v s d f e g t q x X. */
export function printf(format: string, values: readonly unknown[]): string {
  let next = 0
  return format.replace(
    verb,
    (_, flags: string, width: string, precision: string, letter: string) => {
      if (letter === '%') return '%'
      if (next >= values.length) return `%!${letter}(MISSING)`
      const value = values[next++]
      const digits = precision === undefined ? undefined : Number(precision)
      const text = formatted(letter, value, digits)
      const signed = flags.includes('+') && /^[\dI]/.test(text) ? `+${text}` : text
      return padded(signed, flags, Number(width))
    },
  )
}

function formatted(letter: string, value: unknown, digits: number | undefined): string {
  switch (letter) {
    case 'v':
    case 's':
    case 't':
      return digits === undefined || letter !== 's' ? textOf(value) : textOf(value).slice(0, digits)
    case 'd':
      return typeof value === 'bigint' ? String(value) : String(Math.trunc(numberOf(value)))
    case 'f':
    case 'F':
      return numberOf(value).toFixed(Math.min(digits ?? 6, 100))
    case 'e':
      return numberOf(value)
        .toExponential(Math.min(digits ?? 6, 100))
        .replace(/e([+-])(\d)$/, 'e$10$2')
    case 'g':
      return digits === undefined
        ? String(numberOf(value))
        : String(Number(numberOf(value).toPrecision(Math.max(1, Math.min(digits, 100)))))
    case 'q':
      return jsonOf(textOf(value))
    case 'x':
    case 'X': {
      const hex =
        typeof value === 'string'
          ? Buffer.from(value).toString('hex')
          : Math.trunc(numberOf(value)).toString(16)
      return letter === 'X' ? hex.toUpperCase() : hex
    }
    default:
      throw new TemplateError(`printf knows no verb %${letter}`)
  }
}

function padded(text: string, flags: string, width: number): string {
  if (width > widest) throw new TemplateError(`printf: a width of ${width}`)
  if (flags.includes('-')) return text.padEnd(width)
  if (!flags.includes('0')) return text.padStart(width)
  const sign = /^[+-]/.exec(text)?.[0] ?? ''
  return sign + text.slice(sign.length).padStart(width - sign.length, '0')
}
