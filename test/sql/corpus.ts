import { readdirSync, readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import { type Input, planStreams, runStreams } from '#test/flow/streams.ts'

/** A page of the corpus: streams, what comes in, and what statements make of it. */
export interface Page {
  readonly about: string
  /** CREATE statements. */
  readonly streams: readonly string[]
  readonly options?: Readonly<Record<string, unknown>> | undefined
  /** Payloads of the first stream, or `{stream: payload}` where there are several; with `at`, ms since 1970. */
  readonly rows: readonly Payload[]
  /** Expressions over the first row. */
  readonly values?: Readonly<Record<string, unknown>> | undefined
  readonly statements?: readonly Statement[] | undefined
  /** Statements that no rule can have, and words of the reason. */
  readonly refused?: Readonly<Record<string, string>> | undefined
}

export interface Statement {
  readonly sql: string
  /** Instead of those of the page. */
  readonly rows?: readonly Payload[] | undefined
  readonly options?: Readonly<Record<string, unknown>> | undefined
  /** The payloads that come out: an array of rows each, or `{error: words}`. */
  readonly gives: readonly unknown[]
  /** What an action with `lateRows` gets. */
  readonly late?: readonly unknown[] | undefined
}

/** `{payload, at, from}` or the payload itself, of the first stream, a ms after the one before it. */
export type Payload = Readonly<Record<string, unknown>>

const folder = new URL('corpus/', import.meta.url)

export function corpusPages(): ReadonlyMap<string, Page> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
  return new Map(names.sort().map((name) => [name.replace('.yaml', ''), read(name)]))
}

function read(name: string): Page {
  return load(readFileSync(new URL(name, folder), 'utf8'), { filename: name }) as Page
}

/** What a rule with this statement sends. */
export function outputOf(page: Page, statement: Omit<Statement, 'gives'>): readonly unknown[] {
  const options = { ...page.options, ...statement.options }
  const rows = inputs(page, statement.rows ?? page.rows)
  return runStreams(statement.sql, rows, { streams: page.streams, options })
}

/** What a second action with `lateRows` sends. */
export function lateOf(page: Page, statement: Omit<Statement, 'gives'>): readonly unknown[] {
  const options = { ...page.options, ...statement.options }
  const actions = [
    { type: 'log', props: {} },
    { type: 'log', props: { lateRows: true } },
  ]
  const setup = { streams: page.streams, options, actions }
  return runStreams(statement.sql, inputs(page, statement.rows ?? page.rows), setup, { action: 1 })
}

/** What an expression is for the first row of the page: a value, null, or `{error: text}`. */
export function expressionOf(page: Page, expression: string): unknown {
  const sql = `SELECT ${expression} AS value FROM ${firstStream(page)}`
  const rows = page.rows.slice(0, 1)
  const [output] = outputOf(page, { sql, rows, options: { sendNilField: true } })
  return Array.isArray(output) ? (output[0] as { value: unknown }).value : output
}

export function plan(page: Page, sql: string): void {
  planStreams(sql, { streams: page.streams, options: page.options ?? {} })
}

function inputs(page: Page, rows: readonly Payload[]): readonly Input[] {
  const first = firstStream(page)
  let time = 1000
  return rows.map((row): Input => {
    const isFramed = 'payload' in row
    time = isFramed && typeof row.at === 'number' ? row.at : time + 1
    const from = isFramed && typeof row.from === 'string' ? row.from : first
    return { from, payload: isFramed ? row.payload : row, time }
  })
}

function firstStream({ streams }: Page): string {
  return /CREATE (?:STREAM|TABLE) (\w+)/.exec(streams[0] ?? '')?.[1] ?? ''
}
