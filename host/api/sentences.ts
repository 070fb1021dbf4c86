import type { MovedRule } from '#host/rules/upgrades.ts'

/** Kuiper's sentence has no full stop when it stands alone. */
export function sentences(first: string, notes: readonly string[]): string {
  const [last = '', ...before] = [first, ...notes].toReversed()
  const ended = before.toReversed().map((text) => (text.endsWith('.') ? text : `${text}.`))
  return [...ended, last].join(' ')
}

export function restartedText(rules: readonly string[]): string[] {
  return rules.length === 0 ? [] : [`Rules restarted with it: ${rules.join(', ')}.`]
}

/** What became of the rules that ran with a plugin that was upgraded. */
export function movedText(rules: readonly MovedRule[]): string[] {
  const named = (...outcomes: readonly MovedRule['outcome'][]) =>
    rules.filter(({ outcome }) => outcomes.includes(outcome)).map(({ rule }) => rule)
  const back = rules.filter(({ outcome }) => outcome === 'rolled back')
  const line = (text: string, ids: readonly string[]) =>
    ids.length === 0 ? [] : [`${text}: ${ids.join(', ')}.`]
  return [
    ...line('Rules moved to it', named('moved')),
    ...line('Rules restarted with it', named('restarted')),
    ...line('Rules that stay as they are', named('unchanged')),
    ...back.map(
      ({ rule, reason }) => `Rule ${rule} was rolled back to the old version: ${reason}.`,
    ),
  ]
}
