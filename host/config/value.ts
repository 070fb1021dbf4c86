import { durationMs } from '#src/plan/duration.ts'
import type { OptionSchema } from './options.ts'

export type Checked = { readonly value: unknown } | { readonly problem: string }

/** One value against its schema. Durations come out in ms. */
export function checkValue(schema: OptionSchema, value: unknown): Checked {
  if (schema.format === 'duration') {
    const ms = durationMs(value)
    return ms === undefined || ms < 0
      ? wrong('a duration such as "10s", or ms', value)
      : { value: ms }
  }
  if (schema.enum !== undefined) {
    return schema.enum.includes(value)
      ? { value }
      : wrong(`one of ${schema.enum.join(', ')}`, value)
  }
  switch (schema.type) {
    case 'boolean':
      return typeof value === 'boolean' ? { value } : wrong('true or false', value)
    case 'integer':
    case 'number':
      return isInRange(schema, value) ? { value } : wrong(numberText(schema), value)
    case 'array':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
        ? { value }
        : wrong('a list of texts', value)
    default:
      return typeof value === 'string' && value.length >= (schema.minLength ?? 0)
        ? { value }
        : wrong('a text', value)
  }
}

function isInRange(schema: OptionSchema, value: unknown): boolean {
  if (typeof value !== 'number' || !Number.isFinite(value)) return false
  if (schema.type === 'integer' && !Number.isSafeInteger(value)) return false
  return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity)
}

function numberText({ type, minimum, maximum }: OptionSchema): string {
  const kind = type === 'integer' ? 'a whole number' : 'a number'
  if (minimum !== undefined && maximum !== undefined) return `${kind} from ${minimum} to ${maximum}`
  return minimum === undefined ? kind : `${kind} of at least ${minimum}`
}

function wrong(expected: string, value: unknown): Checked {
  return { problem: `must be ${expected}, not ${JSON.stringify(value)}` }
}

/** A text of the environment as the type that its schema asks for. */
export function readText(schema: OptionSchema, text: string): unknown {
  switch (schema.type) {
    case 'boolean':
      return text === 'true' || text === '1'
        ? true
        : text === 'false' || text === '0'
          ? false
          : text
    case 'integer':
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
    case 'array':
      return readList(text)
    default:
      return text
  }
}

/** A text of the environment whose type nobody knows: whole number, boolean, number, `[a,b]`, else text. */
export function guessText(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  if (/^-?\d+(?:\.\d+)?$/.test(text) && Number.isSafeInteger(Math.trunc(Number(text)))) {
    return Number(text)
  }
  return text.startsWith('[') && text.endsWith(']') ? readList(text) : text
}

function readList(text: string): string[] {
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  return inner
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
