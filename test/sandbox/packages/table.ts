import { checks } from './checks.ts'
import { type Check, versionOf } from './run.ts'

const START = '<!-- made by "npm run docs": from here -->'
const END = '<!-- to here -->'

/** The compatibility table, by the checks that the tests run. */
export function compatibilityTable(): string {
  const rows = checks.map((check) => `| ${cells(check).join(' | ')} |`)
  const working = checks.filter(({ fails }) => fails === undefined).length
  const names = new Set(checks.filter(({ fails }) => fails === undefined).map(({ name }) => name))
  return [
    `${working} of ${checks.length} checks pass, with ${names.size} packages.`,
    '',
    '| package | version | kind | what is checked | works |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

function cells({ name, part, kind, does, fails, reason = '' }: Check): readonly string[] {
  const title = part === undefined ? name : `${name} (${part})`
  return [title, versionOf(name), kind, does, fails === undefined ? 'yes' : `no: ${reason}`]
}

/** A page with the table in its place. @throws Error when there is no place */
export function withTable(page: string, table: string): string {
  const start = page.indexOf(START)
  const end = page.indexOf(END)
  if (start < 0 || end < start) throw new Error(`there is no "${START}" … "${END}" in the page`)
  return `${page.slice(0, start + START.length)}\n\n${table}\n\n${page.slice(end)}`
}
