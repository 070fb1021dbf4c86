import { CellError, type LogLine, type RuleKey, type RuleSpec, type RuleStatus } from '../cell.ts'

/** Shorter ones would blot out half of every text. */
const MIN_LENGTH = 4
const MASK = '******'

type Mask = (text: string) => string

/**
 * Takes the values of secrets that a rule's plugins were granted, or that its properties name, out of everything that the rule says: log lines, its
 * status, errors. A plugin that writes a secret backwards is not stopped by this; it was trusted with it.
 */
export class SecretMasks {
  readonly #masks = new Map<string, Mask>()

  /** The rule's plugins may have these from here on; what a former deployment had is forgotten. */
  set(rule: RuleSpec): void {
    const granted = rule.plugins.flatMap(({ powers }) => Object.values(powers?.secrets ?? {}))
    const values = [...granted, ...(rule.masked ?? [])]
    const mask = maskOf(values)
    if (mask === undefined) this.#masks.delete(nameOf(rule))
    else this.#masks.set(nameOf(rule), mask)
  }

  forget(key: RuleKey): void {
    this.#masks.delete(nameOf(key))
  }

  text(key: RuleKey, text: string): string {
    return this.#masks.get(nameOf(key))?.(text) ?? text
  }

  line(line: LogLine): LogLine {
    const mask = this.#masks.get(nameOf(line))
    return mask === undefined ? line : { ...line, text: mask(line.text) }
  }

  status(key: RuleKey, status: RuleStatus): RuleStatus {
    const mask = this.#masks.get(nameOf(key))
    if (mask === undefined) return status
    return {
      ...status,
      message: mask(status.message),
      metrics: Object.fromEntries(
        Object.entries(status.metrics).map(([name, value]) => [
          name,
          typeof value === 'string' ? mask(value) : value,
        ]),
      ),
      deaths: status.deaths.map((death) => ({ ...death, reason: mask(death.reason) })),
    }
  }

  error(key: RuleKey, error: unknown): unknown {
    const mask = this.#masks.get(nameOf(key))
    if (mask === undefined || !(error instanceof CellError)) return error
    const message = mask(error.message)
    return message === error.message ? error : new CellError(error.code, message)
  }
}

function maskOf(values: readonly string[]): Mask | undefined {
  const texts = values.filter((value) => value.length >= MIN_LENGTH)
  const written = new Set(texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]))
  // the longest first: one may be a part of another
  const all = [...written].sort((a, b) => b.length - a.length)
  if (all.length === 0) return undefined
  return (text) => all.reduce((masked, value) => masked.replaceAll(value, MASK), text)
}

function nameOf({ tenant, rule }: RuleKey): string {
  return `${tenant}/${rule}`
}
