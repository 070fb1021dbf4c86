import type { RefusedPower, RuleKey, RuleSpec } from '../cell.ts'
import { flagOf } from './refusals.ts'

interface Note {
  readonly rule: RuleSpec
  last?: RefusedPower | undefined
  count: number
}

/** The last thing that each rule's plugins were refused, as a line of its status: who, what, and the call that grants it. */
export class RefusalNotes {
  readonly #notes = new Map<string, Note>()

  /** A new start of the rule: what was refused before may have been granted since. */
  begin(rule: RuleSpec): void {
    if (rule.plugins.length === 0) this.forget(rule)
    else this.#notes.set(nameOf(rule), { rule, count: 0 })
  }

  forget(key: RuleKey): void {
    this.#notes.delete(nameOf(key))
  }

  add(refusal: RefusedPower): void {
    const note = this.#notes.get(nameOf(refusal))
    if (note === undefined) return
    note.last = refusal
    note.count += refusal.count
  }

  /** `''`: nothing was refused. */
  line(key: RuleKey): string {
    const note = this.#notes.get(nameOf(key))
    if (note?.last === undefined) return ''
    const { plugin, version, power, to } = note.last
    const own = note.rule.plugins.filter(
      (each) => each.package === plugin && each.version === version,
    )
    const who = own.map(({ kind, name }) => `${kind} "${name}"`).join(', ')
    const times = note.count === 1 ? '' : ` ${note.count} times`
    const call = own.find(({ powers }) => powers !== undefined)?.powers?.grantCall
    const way = call === undefined ? '' : `; grant it: ${call} --grant ${flagOf(power, to)}`
    return `${who} of plugin ${plugin}@${version} reached for ${power} "${to}"${times} and was refused${way}`
  }
}

function nameOf({ tenant, rule }: RuleKey): string {
  return `${tenant}/${rule}`
}
