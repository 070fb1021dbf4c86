/** What generated code is handed beside its text. */
export class Constants {
  readonly values: unknown[]

  /** @param values that have their names already */
  constructor(values: readonly unknown[] = []) {
    this.values = [...values]
  }

  /** The name under which the text finds it. */
  add(value: unknown): string {
    return `k${this.values.push(value) - 1}`
  }

  /** The statement that makes the names known. */
  get text(): string {
    const names = this.values.map((_, i) => `k${i}`).join(', ')
    return names === '' ? '' : `const [${names}] = constants`
  }
}
