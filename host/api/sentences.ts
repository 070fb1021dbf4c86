/** Kuiper's sentence has no full stop when it stands alone. */
export function sentences(first: string, notes: readonly string[]): string {
  return notes.length === 0 ? first : [`${first}.`, ...notes].join(' ')
}

export function restartedText(rules: readonly string[]): string[] {
  return rules.length === 0 ? [] : [`Rules restarted with it: ${rules.join(', ')}.`]
}
