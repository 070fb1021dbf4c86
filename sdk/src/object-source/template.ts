import { ObjectSourceError } from './errors.ts'

export interface TemplatePart {
  /** As it stands in the template. */
  readonly text: string
  readonly variable?: string | undefined
  readonly parameter?: { readonly name: string; readonly value: string } | undefined
}

/** A text with `{{variable}}` or `{{variable:name=value}}` in it. What is not closed, or no name, is plain text. */
export class Template {
  readonly parts: readonly TemplatePart[]
  readonly #source: string

  /** @throws ObjectSourceError `configuration` saying what is missing */
  constructor(source: string) {
    this.#source = source
    this.parts = parse(source)
  }

  get variables(): readonly string[] {
    return this.parts.flatMap(({ variable }) => (variable === undefined ? [] : [variable]))
  }

  /** A variable that is not bound stays as it is written. */
  render(bindings: Readonly<Record<string, string>>): string {
    return this.parts
      .map(({ text, variable }) =>
        variable !== undefined && Object.hasOwn(bindings, variable) ? bindings[variable] : text,
      )
      .join('')
  }

  /**
   * What the variables are in a text that was rendered: the shortest that fit; where a variable stands twice, the same.
   *
   * @returns `undefined` when the text is not of this template
   */
  extract(text: string): Readonly<Record<string, string>> | undefined {
    const names: string[] = []
    const expression = this.parts.map((part) => {
      if (part.variable === undefined) return escaped(part.text)
      const at = names.indexOf(part.variable)
      if (at >= 0) return `\\${at + 1}(?!\\d)`
      names.push(part.variable)
      return '([^]+?)'
    })
    const found = new RegExp(`^${expression.join('')}$`).exec(text)
    if (found === null) return undefined
    return Object.fromEntries(names.map((name, i) => [name, found[i + 1] ?? '']))
  }

  toString(): string {
    return this.#source
  }
}

function parse(source: string): TemplatePart[] {
  const parts: TemplatePart[] = []
  let from = 0
  for (const found of source.matchAll(/\{\{([^{}]*)\}\}/g)) {
    if (found.index > from) parts.push({ text: source.slice(from, found.index) })
    parts.push({ text: found[0], ...variableOf(source, found[1] ?? '') })
    from = found.index + found[0].length
  }
  if (from < source.length) parts.push({ text: source.slice(from) })
  return parts
}

function variableOf(source: string, inner: string): Omit<TemplatePart, 'text'> {
  const colon = inner.indexOf(':')
  const variable = (colon < 0 ? inner : inner.slice(0, colon)).trim()
  if (variable === '') throw wrong(source, 'a variable has no name')
  if (!/^\w+$/.test(variable)) throw wrong(source, `"${variable}" is no name of a variable`)
  if (colon < 0) return { variable }
  const definition = inner.slice(colon + 1).trim()
  const equals = definition.indexOf('=')
  if (definition === '') throw wrong(source, `the parameter of "${variable}" is not defined`)
  const name = (equals < 0 ? definition : definition.slice(0, equals)).trim()
  const value = equals < 0 ? '' : definition.slice(equals + 1).trim()
  if (name === '') throw wrong(source, `the parameter of "${variable}" has no name`)
  if (value === '') throw wrong(source, `parameter "${name}" of "${variable}" has no value`)
  return { variable, parameter: { name, value } }
}

function wrong(source: string, what: string): ObjectSourceError {
  return new ObjectSourceError('configuration', `template "${source}": ${what}`)
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
