import { TemplateError } from './template.ts'

export interface Action {
  readonly line: number
  readonly tokens: readonly Token[]
}

/** A piece of the template: text, or what stands between `{{` and `}}`. */
export type Piece = string | Action

export interface Token {
  readonly kind: 'string' | 'number' | 'word' | 'field' | 'variable' | 'sign'
  readonly text: string
  /** Nothing stands between it and the token before: `(f x).a`. */
  readonly glued: boolean
}

const grammar =
  /("(?:[^"\\\n]|\\.)*")|(`[^`]*`)|([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|((?:\.[\p{L}_][\p{L}\p{N}_]*)+)|(\$[\p{L}\p{N}_]*)|([\p{L}_][\p{L}\p{N}_]*)|(:=|[.()|,=])/uy

const kinds = ['string', 'string', 'number', 'field', 'variable', 'word', 'sign'] as const

/** Cuts a template where actions begin and end; `{{-` and `-}}` take away the space before and after. */
export function pieces(template: string): readonly Piece[] {
  const found: Piece[] = []
  let at = 0
  let trims = false
  while (at <= template.length) {
    const open = template.indexOf('{{', at)
    const text = template.slice(at, open < 0 ? undefined : open)
    const trimsEnd = open >= 0 && /^\{\{-\s/.test(template.slice(open, open + 4))
    found.push(trimmed(text, trims, trimsEnd))
    if (open < 0) break
    const line = template.slice(0, open).split('\n').length
    const close = closeOf(template, open, line)
    trims = /\s-$/.test(template.slice(open + 2, close))
    const inside = template.slice(open + (trimsEnd ? 3 : 2), trims ? close - 1 : close)
    if (!/^\s*\/\*[\s\S]*\*\/\s*$/.test(inside)) found.push({ line, tokens: tokens(inside, line) })
    at = close + 2
  }
  return found
}

function trimmed(text: string, start: boolean, end: boolean): string {
  const cut = start ? text.trimStart() : text
  return end ? cut.trimEnd() : cut
}

/** Where `}}` stands that is not inside a string or comment. */
function closeOf(template: string, open: number, line: number): number {
  const scan = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|\/\*[\s\S]*?\*\/|\}\}/g
  scan.lastIndex = open + 2
  for (let match = scan.exec(template); match !== null; match = scan.exec(template)) {
    if (match[0] === '}}') return match.index
  }
  throw new TemplateError(`line ${line}: {{ without }}`)
}

function tokens(text: string, line: number): readonly Token[] {
  const found: Token[] = []
  let at = 0
  while (at < text.length) {
    const space = /\s*/y
    space.lastIndex = at
    const skipped = space.exec(text)?.[0].length ?? 0
    at += skipped
    if (at === text.length) break
    grammar.lastIndex = at
    const match = grammar.exec(text)
    if (match === null) throw new TemplateError(`line ${line}: unexpected "${text[at]}"`)
    const kind = kinds[match.slice(1).findIndex((group) => group !== undefined)]
    if (kind !== undefined) found.push({ kind, text: match[0], glued: skipped === 0 })
    at = grammar.lastIndex
  }
  return found
}
