import type { Example, FunctionDeclaration, Parameter } from '#src/functions/declaration.ts'
import { typeName } from '#src/plan/data-types.ts'

type Family = FunctionDeclaration['family']

interface Chapter {
  readonly title: string
  readonly about: string
}

const chapters: Readonly<Record<Family, Chapter>> = {
  aggregate: {
    title: 'Aggregate functions',
    about: 'One value for the rows of a group: of a window, or of a group of it.',
  },
  analytic: {
    title: 'Analytic functions',
    about:
      'One value for each row, from it and the rows before it: `f(…) OVER ([PARTITION BY …] [WHEN …])`. They see every row of the stream, also those that WHERE leaves out.',
  },
  array: { title: 'Array functions', about: 'Arrays: making, asking, changing them.' },
  object: { title: 'Object functions', about: 'Objects (STRUCT): making, asking, changing them.' },
  text: { title: 'Text functions', about: 'Characters are counted as Unicode code points.' },
  math: { title: 'Mathematical functions', about: 'Numbers: BIGINT is exact in 64 bits.' },
  time: {
    title: 'Date and time functions',
    about:
      'A time is a DATETIME, milliseconds since 1970, or a text that is a time. The time zone is that of the server.',
  },
  hash: { title: 'Hashing, encoding and compression', about: 'Texts are taken as UTF-8.' },
  json: { title: 'JSON functions', about: 'JSON texts, and paths into values.' },
  other: { title: 'Other functions', about: 'Conversion, nulls, metadata, the rule itself.' },
  window: {
    title: 'Window functions',
    about: 'What a window knows of itself and of the order of its rows.',
  },
}

/** The pages of all functions by file name, with a table of contents in `README.md`. */
export function functionPages(
  declarations: readonly FunctionDeclaration[],
): ReadonlyMap<string, string> {
  const pages = new Map([['README.md', contents(declarations)]])
  for (const [family, chapter] of Object.entries(chapters)) {
    pages.set(`${family}.md`, page(chapter, membersOf(declarations, family)))
  }
  return pages
}

function membersOf(
  declarations: readonly FunctionDeclaration[],
  family: string,
): readonly FunctionDeclaration[] {
  return declarations
    .filter((declaration) => declaration.family === family)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function contents(declarations: readonly FunctionDeclaration[]): string {
  const lines = Object.entries(chapters).map(([family, { title }]) => {
    const names = membersOf(declarations, family).flatMap(namesOf)
    const links = names.map((name) => `[${name}](${family}.md)`)
    return `## [${title}](${family}.md)\n\n${links.join(' · ')}\n`
  })
  const about = `Names of functions ignore case. Where nothing else is said, the result is null when an argument is null or an
empty array or object. What cannot be computed is an error of that row: it is counted and left out, and the rule goes on.

These pages are made from the declarations in \`src/functions\` by \`npm run docs\`; every example on them is run by the tests.
`
  return `# Functions\n\n${about}\n${lines.join('\n')}`
}

function page({ title, about }: Chapter, members: readonly FunctionDeclaration[]): string {
  return `# ${title}\n\n${about}\n\n${members.map(section).join('\n')}`
}

function section(declaration: FunctionDeclaration): string {
  const { name, synonyms = [], doc, examples } = declaration
  const also = synonyms.length === 0 ? '' : ` Also called ${synonyms.map(code).join(', ')}.`
  const lines = [`## ${name}`, '', `\`${signature(declaration)}\``, '', `${doc}${also}`, '']
  const nulls = nullRule(declaration)
  if (nulls !== undefined) lines.push(nulls, '')
  if (examples.length > 0) {
    lines.push('| expression | over | gives |', '| --- | --- | --- |', ...examples.map(row), '')
  }
  return lines.join('\n')
}

function namesOf({ name, synonyms = [] }: FunctionDeclaration): readonly string[] {
  return [name, ...synonyms]
}

/** `substring(text, start, [end])`, with the type of the result where it is always the same. */
export function signature({ name, parameters, returns }: FunctionDeclaration): string {
  const type = typeof returns === 'function' ? undefined : returns
  const result = type === undefined || type.type === 'any' ? '' : ` → ${resultName(type)}`
  return `${name}(${parameters.map(parameterText).join(', ')})${result}`
}

function resultName(type: Parameters<typeof typeName>[0]): string {
  if (type.type === 'struct' && type.fields === undefined) return 'STRUCT'
  if (type.type === 'array' && type.element.type === 'any') return 'ARRAY'
  return typeName(type).replace('STRUCT()', 'STRUCT')
}

function parameterText({ name, types, optional, rest }: Parameter): string {
  const shown = types === undefined ? name : `${name} ${types.join('|').toUpperCase()}`
  const all = rest === true ? `${shown}, …` : shown
  return optional === true ? `[${all}]` : all
}

/** What a null argument gives, where it is not null. */
function nullRule(declaration: FunctionDeclaration): string | undefined {
  if (declaration.kind !== 'row') return undefined
  if (declaration.guard === 'false') return 'False when an argument is null.'
  if (declaration.guard === 'zero') return '0 when an argument is null.'
  return undefined
}

function row({ sql, row: one, rows, gives }: Example): string {
  const over = rows ?? (one === undefined ? undefined : [one])
  const shown =
    over === undefined ? '' : over.map((each) => code(text(each))).join(', ') || 'no row'
  return `| ${code(cell(sql))} | ${cell(shown)} | ${cell(result(gives))} |`
}

function result(gives: unknown): string {
  if (typeof gives === 'object' && gives !== null && 'error' in gives) {
    return `error: ${String(gives.error)}`
  }
  return code(text(gives))
}

function text(value: unknown): string {
  if (value === undefined) return 'null'
  if (value instanceof Uint8Array) return `bytes ${[...value].join(' ')}`
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  const shown = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? `${part}n` : part,
  )
  return shown.replaceAll(/"(-?\d+)n"/g, '$1')
}

/** As code; with double back-ticks where there is one inside. */
function code(shown: string): string {
  return shown.includes('`') ? `\`\` ${shown} \`\`` : `\`${shown}\``
}

function cell(shown: string): string {
  return shown.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
