import { relative } from 'node:path'
import { HostError } from '#host/errors.ts'
import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { asOptionSchema, type OptionSchema, type Options, optionsSchema } from './options.ts'
import { checkValue, readText } from './value.ts'
import { isMap, lineOf, readYaml, type YamlFile } from './yaml.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface LoadedOptions {
  readonly options: Options
  /** What an operator should know and what stops nothing: a variable of Kuiper's that means nothing here. */
  readonly warnings: readonly string[]
}

/** A value by the path of its option, `basic.restPort`. */
type Values = Map<string, unknown>

/**
 * The options of a server: `plutino.yaml` over the defaults, the environment over both.
 *
 * @throws HostError `bad-config`, naming file and line or the variable
 */
export async function loadOptions(file: string, environment: Environment): Promise<LoadedOptions> {
  const root = asOptionSchema(optionsSchema)
  const values: Values = new Map()
  const yaml = await readYaml(file)
  if (yaml !== undefined) readFileValues(root, yaml.data, [], yaml, values)
  const warnings = readEnvironment(root, environment, values)
  return { options: build(root, values, []) as Options, warnings }
}

/** All options at their defaults. */
export function defaultOptions(): Options {
  return build(asOptionSchema(optionsSchema), new Map(), []) as Options
}

function readFileValues(
  schema: OptionSchema,
  data: Readonly<Record<string, unknown>>,
  path: readonly string[],
  file: YamlFile,
  into: Values,
): void {
  const known = schema.properties ?? {}
  for (const [key, value] of Object.entries(data)) {
    const here = [...path, key]
    const option = known[key]
    if (option === undefined || !Object.hasOwn(known, key)) {
      const hint = didYouMean(
        nearest(key, Object.keys(known)),
        `known are ${Object.keys(known).join(', ')}`,
      )
      throw bad(file, here, `unknown option "${here.join('.')}"; ${hint}`)
    }
    if (option.properties !== undefined) {
      if (value === null) continue
      if (!isMap(value)) throw bad(file, here, `"${here.join('.')}" must hold options below it`)
      readFileValues(option, value, here, file, into)
      continue
    }
    const checked = checkValue(option, value)
    if ('problem' in checked) throw bad(file, here, `"${here.join('.')}" ${checked.problem}`)
    into.set(here.join('.'), checked.value)
  }
}

function bad(file: YamlFile, keys: readonly string[], message: string): HostError {
  const shown = relative('', file.path)
  const path = shown === '' || shown.startsWith('..') ? file.path : shown
  return new HostError('bad-config', `${path}, line ${lineOf(file.text, keys)}: ${message}`)
}

/** Ours win over Kuiper's; one of Kuiper's that does not exist here is no error, as its images set some of them. */
function readEnvironment(root: OptionSchema, environment: Environment, into: Values): string[] {
  const warnings: string[] = []
  for (const prefix of ['KUIPER__', 'PLUTINO__']) {
    for (const [name, text] of Object.entries(environment)) {
      if (text === undefined || !name.startsWith(prefix)) continue
      const problem = readVariable(root, name, name.slice(prefix.length), text, into)
      if (problem === undefined) continue
      if (prefix === 'PLUTINO__') throw new HostError('bad-config', problem)
      warnings.push(problem)
    }
  }
  return warnings
}

function readVariable(
  root: OptionSchema,
  name: string,
  rest: string,
  text: string,
  into: Values,
): string | undefined {
  let schema = root
  const path: string[] = []
  for (const word of rest.split('__')) {
    const known = Object.keys(schema.properties ?? {})
    const key = known.find((candidate) => candidate.toUpperCase() === word.toUpperCase())
    if (key === undefined) {
      const near = nearest(word, known)
      const meant = near && [...path, near].map((part) => part.toUpperCase()).join('__')
      return `environment variable ${name}: no such option; ${didYouMean(
        meant === undefined ? undefined : `PLUTINO__${meant}`,
        `known here are ${known.join(', ')}`,
      )}`
    }
    path.push(key)
    schema = schema.properties?.[key] ?? {}
  }
  if (schema.properties !== undefined)
    return `environment variable ${name} names a group of options`
  const checked = checkValue(schema, readText(schema, text))
  if ('problem' in checked) return `environment variable ${name} ${checked.problem}`
  into.set(path.join('.'), checked.value)
  return undefined
}

function build(schema: OptionSchema, values: Values, path: readonly string[]): unknown {
  if (schema.properties === undefined) {
    const given = values.get(path.join('.'))
    if (given !== undefined) return given
    const checked = checkValue(schema, schema.default)
    if ('problem' in checked) throw new TypeError(`default of ${path.join('.')} ${checked.problem}`)
    return checked.value
  }
  const entries = Object.entries(schema.properties)
  return Object.fromEntries(
    entries.map(([key, part]) => [key, build(part, values, [...path, key])]),
  )
}
