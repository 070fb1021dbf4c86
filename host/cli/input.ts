import { readFileSync } from 'node:fs'
import { textOf } from '#host/errors.ts'
import { CliError, exitCodes } from './exit.ts'

/** What stands on the command line, or in the file of `-f`; `-` is the standard input. */
export function textOrFile(
  text: string | undefined,
  file: string | undefined,
  what = 'it',
): string {
  if (text !== undefined && file !== undefined) {
    throw new CliError(exitCodes.usage, 'give it on the command line or with -f, not both')
  }
  if (text !== undefined) return text
  if (file === undefined) {
    throw new CliError(exitCodes.usage, `give ${what} on the command line or with -f FILE`)
  }
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new CliError(exitCodes.usage, `cannot read ${file}: ${textOf(error)}`)
  }
}

/** The value of a flag, as the server takes it. */
export function flagValue(flag: string, text: string, form: RegExp, what: string): string {
  if (form.test(text)) return text
  throw new CliError(exitCodes.usage, `${flag} must be ${what}, not "${text}"`)
}

/** A JSON object. */
export function readJson(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new CliError(exitCodes.usage, `that is no JSON: ${textOf(error)}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new CliError(exitCodes.usage, 'that is no JSON object, such as {"sql": "SELECT …"}')
}
