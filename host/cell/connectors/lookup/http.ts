import { Properties } from '../properties.ts'
import { holesOf } from './http-table.ts'
import type { LookupRequest } from './lookup.ts'
import type { HttpTable } from './table-request.ts'
import { ThreadLookup } from './thread-lookup.ts'

const METHODS = ['get', 'post', 'put', 'patch'] as const
const MEGABYTE = 2 ** 20

/**
 * An HTTP service that is asked for rows: `{{.column}}` in url, headers or body is a key's value, one request each;
 * without it one request brings all rows. DATASOURCE is a path behind `url`.
 */
export class HttpLookup extends ThreadLookup {
  protected override tableOf({ datasource, props }: LookupRequest): HttpTable {
    const read = new Properties('lookup table "httppull"', props)
    const url = read.required('url') + datasource
    const method = read.choice('method', 'get', METHODS).toUpperCase()
    const body = method === 'GET' ? undefined : read.text('body')
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(read.record('headers'))) {
      headers[name.toLowerCase()] = String(value)
    }
    if (body !== undefined) headers['content-type'] ??= 'application/json'
    for (const [name, text] of Object.entries({ url, body: body ?? '', ...headers })) {
      const odd = holesOf(text).find((hole) => !/^\.[^\s.|()]+$/.test(hole))
      if (odd !== undefined) {
        read.refuse(name, `has {{${odd}}}: only {{.column}} of a column that ON compares`)
      }
    }
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      read.refuse('url', `must be an http or https address, not "${url}"`)
    }
    const timeoutMs = read.duration('timeout', 5000)
    const mostBytes = read.integer('maxResponseBytes', 8 * MEGABYTE, 1)
    return { kind: 'http', url, method, headers, body, timeoutMs, mostBytes }
  }
}
