const MAX_MESSAGE = 300
const MAX_CODE = 60

/** What a worker says went wrong, rebuilt from plain data. */
export class WorkerFault extends Error {
  override readonly name = 'WorkerFault'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }

  /** @param thrown comlink's wire form, or anything that claims to be it */
  static from(thrown: unknown): WorkerFault {
    const value = fieldOf(thrown, 'value')
    return new WorkerFault(
      textOf(fieldOf(value, 'code'), MAX_CODE) ?? 'failed',
      textOf(fieldOf(value, 'message'), MAX_MESSAGE) ?? 'the worker gave no reason',
    )
  }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
}

/** Cut to length, control characters and ends of lines replaced. */
export function textOf(value: unknown, length: number): string | undefined {
  if (typeof value !== 'string') return undefined
  return value.slice(0, length).replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
}
