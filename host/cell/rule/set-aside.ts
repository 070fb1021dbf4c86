import { appendFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '@plutino/sdk'
import { payloadStart } from '#src/flow/frame.ts'
import type { Range } from '#src/worker/protocol.ts'
import type { RuleSpec } from '../cell.ts'
import { textOf } from '../workers/worker-fault.ts'
import type { Suspects } from './suspicion.ts'

/** Bytes of a rule's file. */
const MAX_BYTES = 16_777_216

/**
 * The tuples of a rule that kill its worker: counted, named, and kept in a file, each as a line of JSON. The file is
 * bounded; what does not fit any more is counted and named only. It goes with the rule.
 */
export class SetAside {
  readonly #rule: RuleSpec
  readonly #logger: Logger
  readonly #folder: string | undefined
  readonly #maxBytes: number
  readonly #counts = new Map<number, number>()
  #saved: Promise<unknown> = Promise.resolve()

  /** @param dataFolder `undefined`: they are kept in the log, as far as they can be shown */
  constructor(
    rule: RuleSpec,
    logger: Logger,
    dataFolder: string | undefined,
    maxBytes: number = MAX_BYTES,
  ) {
    this.#rule = rule
    this.#logger = logger
    this.#maxBytes = maxBytes
    this.#folder = dataFolder && join(dataFolder, 'set-aside', encodeURIComponent(rule.tenant))
  }

  /** How many of one source. */
  of(source: number): number {
    return this.#counts.get(source) ?? 0
  }

  /** For the status; '' when there are none. */
  get text(): string {
    const parts = [...this.#counts].map(
      ([source, count]) => `${count} of stream "${this.#rule.sources[source]?.stream}"`,
    )
    return parts.length === 0
      ? ''
      : `tuples that kill its worker were set aside: ${parts.join(', ')}`
  }

  add(source: number, { buffer, first }: Range): void {
    this.#counts.set(source, this.of(source) + 1)
    const view = new DataView(buffer)
    const start = payloadStart(view, 0)
    const text = textOf(
      Buffer.from(buffer, start, Math.min(500, buffer.byteLength - start)).toString(),
      500,
    )
    const stream = this.#rule.sources[source]?.stream
    const path = this.#path
    const where = path === undefined ? '' : ` (kept in ${path})`
    this.#logger.error(
      `tuple ${first} of stream "${stream}" kills its worker and was set aside${where}: ${text}`,
    )
    if (path === undefined) return
    const arrival = view.getFloat64(8, true)
    const payload = Buffer.from(buffer, start).toString('base64')
    const line = JSON.stringify({ at: Date.now(), stream, sequence: first, arrival, payload })
    this.#saved = this.#saved.then(() => this.#save(path, `${line}\n`))
  }

  /** Resolves when all of them are in the file, or could not be put there. */
  async close(): Promise<void> {
    await this.#saved
  }

  /** What was in hand when the thread of the rule could not be ended, and the host had to be. */
  async suspects(): Promise<readonly Suspects[] | undefined> {
    if (this.#suspectsPath === undefined || this.#rule.options.qos === 0) return undefined
    try {
      return JSON.parse(await readFile(this.#suspectsPath, 'utf8'))
    } catch {
      return undefined // there were none, or they were not written to their end
    }
  }

  /** For the next life of the host; `undefined`: it needs none. At qos 0 tuples have other numbers then. */
  async keepSuspects(suspects: readonly Suspects[] | undefined): Promise<void> {
    const path = this.#suspectsPath
    if (path === undefined || this.#rule.options.qos === 0) return
    if (suspects === undefined) return rm(path, { force: true })
    await mkdir(this.#folder ?? '', { recursive: true })
    await writeFile(path, JSON.stringify(suspects))
  }

  /** The rule is no more. */
  async forget(): Promise<void> {
    await this.#saved
    for (const path of [this.#path, this.#suspectsPath]) {
      if (path !== undefined) await rm(path, { force: true })
    }
  }

  get #suspectsPath(): string | undefined {
    return this.#path?.replace(/jsonl$/, 'suspects.json')
  }

  get #path(): string | undefined {
    return this.#folder && join(this.#folder, `${encodeURIComponent(this.#rule.rule)}.jsonl`)
  }

  async #save(path: string, line: string): Promise<void> {
    try {
      await mkdir(this.#folder ?? '', { recursive: true })
      const size = await stat(path).then(
        (file) => file.size,
        () => 0, // the first one makes it
      )
      if (size + line.length > this.#maxBytes) {
        const text = `${path} has reached ${this.#maxBytes} bytes: this tuple is not kept there`
        this.#logger.error(text)
      } else await appendFile(path, line)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#logger.error(`a tuple that was set aside could not be kept: ${reason}`)
    }
  }
}
