import { isStruct } from '#src/expressions/access.ts'
import { display } from '#src/expressions/errors.ts'
import { checkLength, wrong } from './values.ts'

/** What a path finds in a value, in its order. */
export type JsonPath = (root: unknown) => readonly unknown[]

/** Appends to `found` what one step finds in `value`. */
type Step = (value: unknown, found: unknown[]) => void

const tokens =
  /\.\.|\.?\*|\.?([A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*)|\[\s*(-?\d+)?\s*(:)?\s*(-?\d+)?\s*\]|\[\s*\*\s*\]|\[\s*'((?:[^'\\]|\\.)*)'\s*\]|\[\s*"((?:[^"\\]|\\.)*)"\s*\]/y

/** @throws RowError when it is no path */
export function compilePath(source: string): JsonPath {
  const steps = stepsOf(source)
  return (root) => {
    let values: unknown[] = [root]
    for (const step of steps) {
      const found: unknown[] = []
      for (const value of values) step(value, found)
      checkLength(found.length, 'a result')
      values = found
    }
    return values
  }
}

function stepsOf(source: string): Step[] {
  const trimmed = source.trim()
  if (!trimmed.startsWith('$')) throw notAPath(source)
  const steps: Step[] = []
  // Own state of this call: the expression is shared.
  const expression = new RegExp(tokens)
  expression.lastIndex = 1
  let isDeep = false
  while (expression.lastIndex < trimmed.length) {
    const match = expression.exec(trimmed)
    if (match === null || (isDeep && match[0] === '..')) throw notAPath(source)
    if (match[0] === '..') {
      steps.push(descend)
      isDeep = true
      continue
    }
    const isBare = match[1] !== undefined && !match[0].startsWith('.')
    if (isBare && !isDeep) throw notAPath(source)
    steps.push(stepOf(match, source))
    isDeep = false
  }
  if (isDeep) throw notAPath(source)
  return steps
}

function stepOf(match: RegExpExecArray, source: string): Step {
  const [whole, name, from, colon, to, single, double] = match
  const key = name ?? unescaped(single ?? double)
  if (key !== undefined) return (value, found) => property(value, key, found)
  if (whole.includes('*')) return wildcard
  if (colon !== undefined) {
    const start = from === undefined ? 0 : Number(from)
    const end = to === undefined ? undefined : Number(to)
    return (value, found) => {
      if (Array.isArray(value)) for (const element of value.slice(start, end)) found.push(element)
    }
  }
  if (from === undefined) throw notAPath(source)
  const index = Number(from)
  return (value, found) => {
    if (!Array.isArray(value)) return
    if (index < value.length && index >= -value.length) found.push(value.at(index))
  }
}

function property(value: unknown, name: string, found: unknown[]): void {
  if (isStruct(value) && Object.hasOwn(value, name)) found.push(value[name])
}

function wildcard(value: unknown, found: unknown[]): void {
  if (Array.isArray(value)) for (const element of value) found.push(element)
  else if (isStruct(value)) for (const element of Object.values(value)) found.push(element)
}

/** The value and everything in it. */
function descend(value: unknown, found: unknown[]): void {
  found.push(value)
  const inside: unknown[] = []
  wildcard(value, inside)
  for (const element of inside) descend(element, found)
}

function unescaped(text: string | undefined): string | undefined {
  return text?.replace(/\\(.)/g, '$1')
}

function notAPath(source: string) {
  return wrong(`invalid json path ${display(source)}; a path looks like $.a[0].b`)
}
