import type { InlineCall } from './declaration.ts'
import { largestLength } from './values.ts'

/** Code for the usual values of arguments, see `RowDeclaration.inline`. */

/** Of one number that is not NaN. */
export function ofNumberInline(value: (x: string) => string, more = ''): InlineCall {
  return ({ names: [x = ''] }) => ({
    when: `typeof ${x} === "number" && ${x} === ${x}${more.replaceAll('$', x)}`,
    value: value(x),
  })
}

/** Of texts only; none of them longer than a result may be, by far. */
export function ofTextsInline(value: (names: readonly string[]) => string): InlineCall {
  return ({ names, known }) => {
    const tests = names.map((name, i) => {
      const { literal } = known[i] ?? {}
      if (literal !== undefined) return typeof literal === 'string' ? [] : undefined
      return [`typeof ${name} === "string"`, `${name}.length < ${longest}`]
    })
    if (tests.includes(undefined) || names.length > mostTexts) return undefined
    return { when: tests.flat().join(' && ') || 'true', value: value(names) }
  }
}

/** What a text may grow to in other case, and so many of them behind each other, are within the bound. */
const mostTexts = 16
const longest = Math.floor(largestLength / (mostTexts * 4))
