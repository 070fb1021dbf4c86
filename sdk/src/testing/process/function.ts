import type {
  Argument,
  FunctionContext,
  IncrementalAggregate,
  RowFunction,
} from '../../function.ts'

/** A function in this process, called as compiled SQL does. */
export class ProcessFunction {
  readonly #function: RowFunction | IncrementalAggregate
  readonly #context: FunctionContext
  #isValid = false

  constructor(instance: object, context: FunctionContext) {
    this.#function = instance as RowFunction
    this.#context = context
  }

  async call(args: readonly Argument[], values: readonly unknown[]): Promise<unknown> {
    this.#validate(args)
    if (!('exec' in this.#function)) throw new TypeError('it is an aggregate: use over(rows)')
    const own = values.map((value) => structuredClone(value ?? null))
    return structuredClone((await this.#function.exec(own, this.#context)) ?? null)
  }

  async slide(
    args: readonly Argument[],
    rows: readonly (readonly unknown[])[],
    length: number,
  ): Promise<unknown[]> {
    this.#validate(args)
    if (!isIncremental(this.#function)) return this.#collected(this.#function, rows, length)
    const aggregate = this.#function
    const results: unknown[] = []
    const from = (start: number, end: number): unknown =>
      rows
        .slice(start, end)
        .reduce(
          (sum: unknown, row) => structuredClone(aggregate.add(sum, structuredClone([...row]))),
          structuredClone(aggregate.init()),
        )
    let sum = structuredClone(aggregate.init())
    for (const [i, row] of rows.entries()) {
      sum = structuredClone(aggregate.add(sum, structuredClone([...row])))
      const gone = rows[i - length]
      if (gone !== undefined) {
        sum =
          typeof aggregate.remove === 'function'
            ? structuredClone(aggregate.remove(sum, structuredClone([...gone])))
            : from(i - length + 1, i + 1)
      }
      results.push(structuredClone(aggregate.result(structuredClone(sum))))
    }
    return results
  }

  async #collected(
    { exec }: RowFunction,
    rows: readonly (readonly unknown[])[],
    length: number,
  ): Promise<unknown[]> {
    const results: unknown[] = []
    for (const i of rows.keys()) {
      const group = rows.slice(Math.max(0, i + 1 - length), i + 1)
      const columns = (rows[0] ?? []).map((_, column) => group.map((row) => row[column] ?? null))
      const made = await Reflect.apply(exec, this.#function, [
        structuredClone(columns),
        this.#context,
      ])
      results.push(structuredClone(made ?? null))
    }
    return results
  }

  #validate(args: readonly Argument[]): void {
    if (this.#isValid) return
    this.#function.validate?.(args)
    this.#isValid = true
  }
}

function isIncremental(instance: object): instance is IncrementalAggregate {
  const { init, add, result } = instance as Partial<IncrementalAggregate>
  return [init, add, result].every((method) => typeof method === 'function')
}
