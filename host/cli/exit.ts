/** Exit codes of the command line. */
export const exitCodes = {
  ok: 0,
  /** The server said no. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Nothing answers at the address. */
  unreachable: 3,
} as const

/** Ends the command with a line on stderr and its exit code. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}
