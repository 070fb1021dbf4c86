import { resolve } from 'node:path'
import { CliError, exitCodes } from './exit.ts'

/** As the server takes it. */
export interface GrantsBody {
  all?: true
  network?: string[]
  secrets?: string[]
  files?: Record<string, true | string>
}

export const grantHelp =
  'all, none, network=ORIGIN, secrets=NAME, files.private, files.FOLDER=PATH; may be given several times'

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

/** `--grant network=tcp://db:3306 --grant files.input=/data/in` @throws CliError */
export function readGrantFlags(flags: readonly string[]): GrantsBody | 'none' {
  if (flags.includes('none')) {
    if (flags.length === 1) return 'none'
    throw wrong('none', 'it stands alone')
  }
  const body: GrantsBody = {}
  for (const flag of flags) {
    if (flag === 'all') {
      body.all = true
      continue
    }
    const [, power = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(flag) ?? []
    if (power === 'network' && value) body.network = [...(body.network ?? []), value]
    else if (power === 'secrets' && value) body.secrets = [...(body.secrets ?? []), value]
    else if (power.startsWith('files.') && power.length > 'files.'.length)
      addFolder(body, power.slice('files.'.length), value)
    else throw wrong(flag, `there is ${grantHelp}`)
  }
  return body
}

/** Relative to where the command is given, which the server does not know. */
function addFolder(body: GrantsBody, name: string, path: string | undefined): void {
  const isPrivate = name === 'private'
  if (isPrivate === Boolean(path))
    throw wrong(
      `files.${name}`,
      isPrivate ? 'the private folder has no path' : 'it needs a path: files.input=/data/in',
    )
  body.files = { ...body.files, [name]: path ? resolve(path) : true }
}

function wrong(flag: string, why: string): CliError {
  return new CliError(exitCodes.usage, `--grant ${flag}: ${why}`)
}
