import { describe, invalidOperation } from './errors.ts'

const oneOf = Symbol('_')
const many = Symbol('%')
type Token = string | typeof oneOf | typeof many

/**
 * Compiles a LIKE pattern: `%` any text, `_` one character, `\` takes the special meaning of the next one away. No regular
 * expression: nothing in a pattern can make it slow.
 */
export function likeMatcher(pattern: string): (text: string) => boolean {
  const tokens = tokenize(pattern)
  const inner = tokens.filter((token) => token !== many)
  const literal = inner.every((token) => typeof token === 'string') ? inner.join('') : undefined
  const edges = [tokens[0] === many, tokens.at(-1) === many]
  const isSimple = tokens.every((token, i) => token !== many || i === 0 || i === tokens.length - 1)
  if (literal === undefined || !isSimple) return (text) => matches(Array.from(text), tokens)
  if (tokens.length === 1 && edges[0] === true) return () => true
  if (edges[0] === true && edges[1] === true) return (text) => text.includes(literal)
  if (edges[0] === true) return (text) => text.endsWith(literal)
  if (edges[1] === true) return (text) => text.startsWith(literal)
  return (text) => text === literal
}

/** LIKE of any two values. The last pattern is kept compiled. */
export function like(): (text: unknown, pattern: unknown) => boolean | null {
  let compiled = ''
  let match = likeMatcher(compiled)
  return (text, pattern) => {
    if (text === null || text === undefined || pattern === null || pattern === undefined) {
      return null
    }
    if (typeof text !== 'string' || typeof pattern !== 'string') {
      throw invalidOperation('LIKE', describe(text, 'dynamic'), describe(pattern, 'dynamic'))
    }
    if (pattern !== compiled) {
      match = likeMatcher(pattern)
      compiled = pattern
    }
    return match(text)
  }
}

function tokenize(pattern: string): Token[] {
  const tokens: Token[] = []
  let escaped = false
  for (const character of pattern) {
    if (escaped) {
      if (character !== '%' && character !== '_' && character !== '\\') tokens.push('\\')
      tokens.push(character)
      escaped = false
    } else if (character === '\\') escaped = true
    else if (character === '%') {
      if (tokens.at(-1) !== many) tokens.push(many)
    } else tokens.push(character === '_' ? oneOf : character)
  }
  if (escaped) tokens.push('\\')
  return tokens
}

/** Goes back to the last `%` only: steps are bounded by the product of both lengths. */
function matches(text: readonly string[], tokens: readonly Token[]): boolean {
  let at = 0
  let token = 0
  let lastMany = -1
  let resume = 0
  while (at < text.length) {
    const wanted = tokens[token]
    if (wanted === many) {
      lastMany = token++
      resume = at
    } else if (wanted !== undefined && (wanted === oneOf || wanted === text[at])) {
      at++
      token++
    } else if (lastMany >= 0) {
      token = lastMany + 1
      at = ++resume
    } else return false
  }
  while (tokens[token] === many) token++
  return token === tokens.length
}
