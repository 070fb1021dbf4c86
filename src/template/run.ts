import { templateFunction } from './functions.ts'
import {
  type Command,
  type Operand,
  type Part,
  type Pipeline,
  type Template,
  TemplateError,
} from './template.ts'
import { fieldOf, isTrue, textOf } from './values.ts'

/** A template that loops longer than this is stopped: the rows of a rule wait for it. */
const mostSteps = 1_000_000

/** The text that a template makes of data. @throws TemplateError when it cannot */
export function runTemplate(template: Template, data: unknown): string {
  return new Run(data).text(template)
}

/** How a block ended: at its end, or by one of these. */
type Leaving = 'break' | 'continue' | undefined

class Run {
  readonly #root: unknown
  #variables = new Map<string, unknown>()
  #text = ''
  #steps = 0

  constructor(data: unknown) {
    this.#root = data
  }

  text(template: Template): string {
    this.#block(template, this.#root)
    return this.#text
  }

  #block(template: Template, dot: unknown): Leaving {
    const outer = this.#variables
    this.#variables = new Map(outer)
    const leaving = this.#parts(template, dot)
    // What a block assigns to a variable of an outer one stays; what it declares does not.
    for (const name of outer.keys()) outer.set(name, this.#variables.get(name))
    this.#variables = outer
    return leaving
  }

  #parts(template: Template, dot: unknown): Leaving {
    for (const part of template) {
      if (++this.#steps > mostSteps) throw new TemplateError(`more than ${mostSteps} steps`)
      const leaving = this.#part(part, dot)
      if (leaving !== undefined) return leaving
    }
    return undefined
  }

  #part(part: Part, dot: unknown): Leaving {
    switch (part.part) {
      case 'text':
        this.#text += part.text
        return undefined
      case 'value': {
        const value = this.#pipeline(part.pipeline, dot)
        if (part.pipeline.set === undefined) this.#text += textOf(value)
        return undefined
      }
      case 'if':
      case 'with': {
        const value = this.#pipeline(part.pipeline, dot)
        if (!isTrue(value)) return this.#block(part.otherwise, dot)
        return this.#block(part.then, part.part === 'with' ? value : dot)
      }
      case 'range':
        return this.#range(part, dot)
      case 'break':
      case 'continue':
        return part.part
      default:
        return part satisfies never
    }
  }

  #range(part: Part & { part: 'range' }, dot: unknown): Leaving {
    const entries = entriesOf(this.#pipeline(part.pipeline, dot))
    if (entries.length === 0) return this.#block(part.otherwise, dot)
    const outer = this.#variables
    for (const [key, value] of entries) {
      this.#variables = new Map(outer)
      if (part.key !== undefined) this.#variables.set(part.key, key)
      if (part.value !== undefined) this.#variables.set(part.value, value)
      const leaving = this.#block(part.then, value)
      const loop = this.#variables
      this.#variables = outer
      for (const name of outer.keys()) {
        if (name !== part.key && name !== part.value) outer.set(name, loop.get(name))
      }
      if (leaving === 'break') break
    }
    return undefined
  }

  #pipeline({ set, commands }: Pipeline, dot: unknown): unknown {
    let value: unknown
    for (const [i, command] of commands.entries()) {
      value = this.#command(command, dot, i === 0 ? [] : [value])
    }
    if (set === undefined) return value
    if (!set.declares && !this.#variables.has(set.name)) throw unknown(set.name)
    this.#variables.set(set.name, value)
    return value
  }

  #command(command: Command, dot: unknown, last: readonly unknown[]): unknown {
    if ('operand' in command) {
      if (last.length > 0) throw new TemplateError('only a function can stand behind |')
      return this.#operand(command.operand, dot)
    }
    const args = command.args.map((arg) => this.#operand(arg, dot))
    return templateFunction(command.call)([...args, ...last])
  }

  #operand(operand: Operand, dot: unknown): unknown {
    switch (operand.type) {
      case 'literal':
        return operand.value
      case 'call':
        return templateFunction(operand.call)([])
      case 'pipeline':
        return operand.path.reduce(fieldOf, this.#pipeline(operand.pipeline, dot))
      case 'path':
        return operand.path.reduce(fieldOf, this.#base(operand.name, dot))
      default:
        return operand satisfies never
    }
  }

  #base(name: string | undefined, dot: unknown): unknown {
    if (name === undefined) return dot
    if (name === '') return this.#root
    if (!this.#variables.has(name)) throw unknown(name)
    return this.#variables.get(name)
  }
}

function unknown(name: string): TemplateError {
  return new TemplateError(`undefined variable "$${name}"`)
}

function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value.map((each, i) => [i, each])
  if (typeof value === 'number' && Number.isInteger(value)) {
    if (value > mostSteps) throw new TemplateError(`range over ${value}`)
    return Array.from({ length: Math.max(value, 0) }, (_, i) => [i, i])
  }
  if (typeof value !== 'object')
    throw new TemplateError(`range can't iterate over ${textOf(value)}`)
  const names = Object.keys(value).sort()
  return names.map((name) => [name, fieldOf(value, name)])
}
