import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SampleHost } from '#test/fixtures/sample-host.ts'
import { until } from '#test/fixtures/until.ts'

/** Rules over object sources in a host: each writes the ids of what it reads into a file. */
export class ObjectRules {
  readonly #host: SampleHost
  readonly #source: string

  constructor(host: SampleHost, source: string) {
    this.#host = host
    this.#source = source
  }

  /** A stream and a rule of one name. */
  async start(id: string, datasource: string, props: object): Promise<void> {
    await this.configure(id, props)
    await this.#host.send('POST', '/streams', {
      sql: `CREATE STREAM ${id} () WITH (DATASOURCE="${datasource}", TYPE="${this.#source}", FORMAT="json", CONF_KEY="${id}")`,
    })
    await this.#host.send('POST', '/rules', {
      id,
      sql: `SELECT id FROM ${id}`,
      actions: [{ file: { path: this.#out(id), sendSingle: true } }],
      options: { qos: 2, checkpointInterval: '100ms' },
    })
  }

  /** What its source is given when it starts the next time. */
  async configure(id: string, props: object): Promise<void> {
    await this.#host.send('PUT', `/metadata/sources/${this.#source}/confKeys/${id}`, props)
  }

  /** What a rule has written. */
  ids(id: string): number[] {
    if (!existsSync(this.#out(id))) return []
    const lines = readFileSync(this.#out(id), 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => Number(JSON.parse(line).id))
  }

  /** Until more than so many rows are there. */
  async reach(id: string, count: number): Promise<void> {
    await until(
      `row ${count} of ${id}`,
      () => this.ids(id).length > count,
      () => this.#host.status(id),
    )
  }

  /** Until so many rows are there; then it is waited for a moment whether there come more. */
  async whole(id: string, count: number): Promise<number[]> {
    await this.reach(id, count - 1)
    await sleep(500)
    return this.ids(id)
  }

  #out(id: string): string {
    return join(this.#host.folder, `${id}.out`)
  }
}

/** What is there, without order and twice what is there twice. */
export function sorted(ids: readonly number[]): number[] {
  return ids.toSorted((a, b) => a - b)
}

export function range(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + i)
}

/** Says in one line where two long lists differ; nothing where they do not. */
export function difference(found: readonly number[], wanted: readonly number[]): string {
  const at = wanted.findIndex((id, i) => found[i] !== id)
  if (at < 0 && found.length === wanted.length) return ''
  const place = at < 0 ? wanted.length : at
  const near = (all: readonly number[]) => all.slice(Math.max(0, place - 2), place + 4).join(' ')
  return `${found.length} of ${wanted.length}; at ${place}: ${near(found)} in place of ${near(wanted)}`
}
