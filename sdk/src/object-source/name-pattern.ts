import { ObjectSourceError } from './errors.ts'
import { Template, type TemplatePart } from './template.ts'

/** What a name says of an object. */
export interface NameParts {
  readonly topic?: string | undefined
  readonly partition?: number | undefined
  readonly startOffset?: bigint | undefined
}

interface Variable {
  readonly expression: string
  /** Parameters that writers of names have; they change nothing for a reader. */
  readonly parameters: Readonly<Record<string, readonly string[]>>
}

const padding = ['true', 'false']
const variables: ReadonlyMap<string, Variable> = new Map([
  ['start_offset', { expression: '(?<startOffset>\\d+)', parameters: { padding } }],
  ['timestamp', { expression: '\\d+', parameters: { unit: ['yyyy', 'MM', 'dd', 'HH'] } }],
  ['topic', { expression: '(?<topic>[a-zA-Z0-9\\-_.]+)', parameters: {} }],
  ['partition', { expression: '(?<partition>\\d+)', parameters: { padding } }],
])
const MAX_PARTITION = 2 ** 31 - 1
const MAX_OFFSET = 2n ** 63n - 1n

/**
 * A template of names: `{{topic}}`, `{{partition}}`, `{{start_offset}}`, `{{timestamp}}`, and around them a regular
 * expression. It is looked for anywhere in the name.
 */
export class ObjectNamePattern {
  readonly template: string
  /** The variables that stand in it, in order. */
  readonly variables: readonly string[]
  readonly #expression: RegExp

  /** @throws ObjectSourceError `configuration` for an unknown variable, a repeated one, a broken expression */
  constructor(template: string) {
    const parsed = new Template(template)
    this.template = template
    this.variables = parsed.variables
    const text = parsed.parts.map((part) => expressionOf(template, part)).join('')
    try {
      this.#expression = new RegExp(text)
    } catch (error) {
      throw wrong(
        template,
        `it is no regular expression around its variables: ${(error as Error).message}; "*" is written ".*", and a variable stands once`,
        error,
      )
    }
  }

  /** @returns what the name says, or `undefined` when it does not match */
  match(name: string): NameParts | undefined {
    const found = this.#expression.exec(name)
    if (found === null) return undefined
    const { topic, partition, startOffset } = found.groups ?? {}
    return { topic, partition: partitionOf(partition), startOffset: offsetOf(startOffset) }
  }
}

function expressionOf(template: string, { text, variable, parameter }: TemplatePart): string {
  if (variable === undefined) return text
  const known = variables.get(variable)
  if (known === undefined) {
    const all = [...variables.keys()].map((name) => `{{${name}}}`).join(', ')
    throw wrong(template, `unsupported template variable "${variable}"; supported are ${all}`)
  }
  const values = parameter === undefined ? [] : known.parameters[parameter.name]
  if (parameter !== undefined && values?.includes(parameter.value) !== true) {
    const given = `${variable}:${parameter.name}=${parameter.value}`
    throw wrong(template, `unsupported parameter "${given}"; supported are ${parameterSets()}`)
  }
  return known.expression
}

function parameterSets(): string {
  return [...variables]
    .flatMap(([name, { parameters }]) =>
      Object.entries(parameters).map(([key, values]) => `${name}:${key}=${values.join('|')}`),
    )
    .join(', ')
}

function wrong(template: string, what: string, cause?: unknown): ObjectSourceError {
  return new ObjectSourceError('configuration', `file.name.template "${template}": ${what}`, {
    cause,
  })
}

/** 32 bits; beyond, as if it were not there. */
function partitionOf(digits: string | undefined): number | undefined {
  const value = Number(digits)
  return digits === undefined || value > MAX_PARTITION ? undefined : value
}

/** 64 bits; beyond, as if it were not there. */
function offsetOf(digits: string | undefined): bigint | undefined {
  if (digits === undefined || digits.length > 100) return undefined
  const value = BigInt(digits)
  return value > MAX_OFFSET ? undefined : value
}
