import { structuralKey } from '#src/operators/structural-key.ts'
import { type HttpTable, TableError, type TableRequest, type TableRows } from './table-request.ts'

type HttpRequest = TableRequest & { readonly table: HttpTable }
type Row = Readonly<Record<string, unknown>>

/** Requests of one question that are away at one time, at most. */
const MOST_AT_ONCE = 8
const HOLE = /\{\{\s*(.*?)\s*\}\}/g

/** What stands between the braces of a text: `.id` in `/devices/{{.id}}`. */
export function holesOf(text: string): readonly string[] {
  return [...text.matchAll(HOLE)].map(([, hole = '']) => hole)
}

/**
 * Asks an HTTP service. Where its url, headers or body name a column, each key is a request of its own; else one
 * request brings all rows, and those that have the keys are taken of them.
 *
 * @throws TableError
 */
export async function findByHttp({ table, columns, keys }: HttpRequest): Promise<TableRows> {
  if (isPerKey(table)) {
    return inTurns(keys, async (key) => {
      const rows = await fetchRows(filled(table, columns, key))
      return rows.filter((row) => fits(row, columns, key, true))
    })
  }
  const all = await fetchRows(table)
  const byKey = new Map<unknown, Row[]>()
  for (const row of all) {
    if (!columns.every((column) => Object.hasOwn(row, column))) continue
    const key = structuralKey(columns.map((column) => row[column]))
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, [row])
    else known.push(row)
  }
  return keys.map((key) => byKey.get(structuralKey([...key])) ?? [])
}

function isPerKey({ url, headers, body = '' }: HttpTable): boolean {
  return [url, body, ...Object.values(headers)].some((text) => holesOf(text).length > 0)
}

/** A column that an answer to one key leaves out is taken to be that key's. */
function fits(
  row: Row,
  columns: readonly string[],
  key: readonly unknown[],
  lax: boolean,
): boolean {
  return columns.every((column, i) => {
    if (!Object.hasOwn(row, column)) return lax
    return structuralKey(row[column]) === structuralKey(key[i])
  })
}

function filled(table: HttpTable, columns: readonly string[], key: readonly unknown[]): HttpTable {
  const fill = (text: string, encode: (value: string) => string) =>
    text.replace(HOLE, (_, hole: string) => {
      const at = columns.indexOf(hole.slice(1))
      if (at >= 0) return encode(plainText(key[at]))
      const names = columns.map((column) => `{{.${column}}}`).join(', ')
      throw new TableError('failed', `{{${hole}}} is no column that ON compares: there is ${names}`)
    })
  const headers = Object.entries(table.headers).map(([name, value]) => {
    return [name, fill(value, (text) => text.replace(/[^\x20-\x7e]/g, encodeURIComponent))]
  })
  return {
    ...table,
    url: fill(table.url, encodeURIComponent),
    headers: Object.fromEntries(headers),
    body: table.body && fill(table.body, inJson),
  }
}

function plainText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** As it stands within the quotes of a JSON text. */
function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

async function inTurns<T, R>(all: readonly T[], run: (each: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const turn = async () => {
    for (let i = next++; i < all.length; i = next++) results[i] = await run(all[i] as T)
  }
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, turn))
  return results
}

async function fetchRows({ url, method, headers, body, timeoutMs, mostBytes }: HttpTable) {
  const where = `${method} ${url}`
  try {
    const response = await fetch(url, {
      method,
      headers,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body }),
    })
    const text = await textOf(response, mostBytes)
    if (response.ok) return rowsIn(text, where)
    // For what it does not know a service has an answer of its own.
    if (response.status === 404) return []
    const { status } = response
    const mayBeLater = status >= 500 || status === 408 || status === 429
    const message = `${where} answered ${status} ${text.slice(0, 200)}`
    throw new TableError(mayBeLater ? 'retryable' : 'failed', message)
  } catch (error) {
    if (error instanceof TableError) throw error
    const { cause, message } = error as Error
    const reason = cause instanceof Error ? cause.message : message
    throw new TableError('not-connected', `${where} failed: ${reason}`, { cause: error })
  }
}

async function textOf(response: Response, mostBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > mostBytes) {
      throw new TableError('failed', `${response.url} answered more than ${mostBytes} bytes`)
    }
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

function rowsIn(text: string, where: string): readonly Row[] {
  if (text.trim() === '') return []
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new TableError('failed', `${where} answered no JSON: ${text.slice(0, 80)}`)
  }
  const isRow = (each: unknown): each is Row => {
    return typeof each === 'object' && each !== null && !Array.isArray(each)
  }
  return (Array.isArray(value) ? value : [value]).filter(isRow)
}
