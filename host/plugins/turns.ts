import type { AuditNote } from '#host/catalog/plugin-audit.ts'
import type { PluginRecord } from '#host/catalog/plugins.ts'
import { textOf } from '#host/errors.ts'
import type { RemovedVersion } from './service.ts'

export type Step = Pick<AuditNote, 'package' | 'version' | 'what' | 'detail'>

/** One change of plugins at a time, since two installations of one name must not meet; each is a line in the audit trail. */
export class Turns {
  readonly #audit: (tenant: string, note: AuditNote) => void
  #last: Promise<unknown> = Promise.resolve()

  constructor(audit: (tenant: string, note: AuditNote) => void = () => {}) {
    this.#audit = audit
  }

  take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }

  /** The trail says what was installed, or why nothing was done. */
  noted<T>(tenant: string, step: Step, work: () => Promise<T>): Promise<T> {
    return this.take(async () => {
      try {
        const done = await work()
        this.note(tenant, { ...step, ...madeOf(done) }, 'done')
        return done
      } catch (error) {
        this.note(tenant, step, textOf(error))
        throw error
      }
    })
  }

  note(tenant: string, step: Step, result: string): void {
    this.#audit(tenant, { rule: '', ...step, result })
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#last
  }
}

/** Whom a change is about. */
export function titleOf(records: readonly PluginRecord[], otherwise = '') {
  const [first] = records
  const versions = [...new Set(records.map(({ version }) => version))].join(', ')
  const names = records.flatMap((record) => record.names).join(', ')
  return { package: first?.package ?? otherwise, version: versions, detail: names }
}

/** A change as the log tells it, in the audit trail's words. `undefined`: nothing was done, and whoever asked for it was told. */
export function changeText(tenant: string, note: AuditNote): string | undefined {
  const { package: name, version, what, detail, result } = note
  if (result !== 'done') return undefined
  const title = version === '' ? name : `${name} ${version}`
  const powers = what === 'grant' || what === 'revoke' ? ` ${detail}` : ''
  return `plugin ${title}: ${what}${powers}, by tenant ${tenant}`
}

export function textOfGrants(grants: unknown): string {
  return typeof grants === 'string' ? grants : (JSON.stringify(grants) ?? '')
}

/** What it was that was installed or removed, where that is known only afterwards. */
function madeOf(done: unknown): Partial<Step> {
  const made = Array.isArray(done) ? done.filter(isTitle) : [done].filter(isTitle)
  const [first] = made
  if (first === undefined) return {}
  return { package: first.package, version: made.map(({ version }) => version).join(', ') }
}

function isTitle(done: unknown): done is RemovedVersion {
  return typeof done === 'object' && done !== null && 'package' in done && 'version' in done
}
