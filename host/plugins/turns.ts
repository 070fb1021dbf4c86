import type { AuditNote } from '#host/catalog/plugin-audit.ts'
import type { PluginRecord } from '#host/catalog/plugins.ts'
import { textOf } from '#host/errors.ts'
import type { InstallResult } from './service.ts'

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
        const made = isResult(done) ? { package: done.package, version: done.version } : {}
        this.note(tenant, { ...step, ...made }, 'done')
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

export function textOfGrants(grants: unknown): string {
  return typeof grants === 'string' ? grants : (JSON.stringify(grants) ?? '')
}

function isResult(done: unknown): done is InstallResult {
  return typeof done === 'object' && done !== null && 'package' in done && 'version' in done
}
