import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { type Command, Option } from 'commander'
import type { Client } from '../client.ts'
import { CliError, exitCodes } from '../exit.ts'
import { collect, type GrantsBody, grantHelp, readGrantFlags } from '../grant-flags.ts'
import { type Ask, askForGrants } from '../grant-question.ts'
import { readJson, textOrFile } from '../input.ts'
import { followJob } from '../install-job.ts'
import { at, type OpenSession } from '../session.ts'
import { pathOf, pluginWatchCommands } from './plugin-watch.ts'

const kinds = ['source', 'sink', 'function']

interface UpgradeFlags {
  readonly policy?: string | undefined
  readonly grant?: readonly string[] | undefined
  readonly sha256?: string | undefined
}

interface InstallFlags {
  readonly kind?: string | undefined
  readonly name?: string | undefined
  readonly grant?: readonly string[] | undefined
  readonly trusted?: boolean | undefined
  readonly sha256?: string | undefined
}

/** What operators do with plugins: `plugin install`, `plugin grant`, `plugin revoke`, `plugin grants`. */
export function pluginOperatorCommands(plugin: Command, open: OpenSession): void {
  plugin
    .command('install')
    .description('installs a plugin; asks on a terminal what to grant')
    .argument('<url>', 'of the zip: http, https, file, or a path of the server’s machine')
    .addOption(new Option('--kind <kind>', 'of a zip without a manifest').choices(kinds))
    .option('--name <name>', 'of the source, sink or function, for a zip without a manifest')
    .option('--grant <power>', grantHelp, collect)
    .option('--sha256 <digest>', 'that the zip must have')
    .option('--trusted', 'without a sandbox: it can do whatever the server can')
    .action(async (url: string, flags: InstallFlags) => {
      const { client, output } = open()
      const made = await install(client, addressOf(url), flags)
      output.print(made ?? 'nothing was installed')
    })
  plugin
    .command('upgrade')
    .description(
      'installs another version in the place of one, and moves the rules that run with it',
    )
    .argument('<name-and-url...>', 'NAME URL, or KIND NAME URL')
    .addOption(
      new Option('--policy <policy>', 'keep: rules that run stay with their version').choices([
        'restart',
        'keep',
      ]),
    )
    .option('--grant <power>', grantHelp, collect)
    .option('--sha256 <digest>', 'that the zip must have')
    .action(async (words: string[], flags: UpgradeFlags) => {
      const { client, output } = open()
      output.print(await upgrade(client, words, flags))
    })
  pluginWatchCommands(plugin, open)
  plugin
    .command('grant')
    .description('gives powers that a plugin asks for')
    .argument('<name...>', 'NAME, or KIND NAME; JSON may follow: {"network": ["tcp://db:3306"]}')
    .option('--grant <power>', grantHelp, collect)
    .option('-f, --file <file>', 'with the JSON; - is the standard input')
    .action(async (words: string[], flags: { grant?: string[]; file?: string }) => {
      const { client, output } = open()
      const { path, json } = targetOf(words)
      const body = flags.grant
        ? readGrantFlags(flags.grant)
        : readJson(textOrFile(json, flags.file, 'powers by --grant, or as JSON'))
      output.print(await client.request('POST', path, body))
    })
  plugin
    .command('revoke')
    .description('takes powers back; all of them if none is named')
    .argument('<name...>', 'NAME, or KIND NAME')
    .option('--grant <power>', `${grantHelp}; a folder needs no path`, collect)
    .action(async (words: string[], flags: { grant?: string[] }) => {
      const { client, output } = open()
      output.print(await client.request('DELETE', targetOf(words).path, revoked(flags.grant)))
    })
  plugin
    .command('grants')
    .description('shows what a plugin asks for and has')
    .argument('<name...>', 'NAME, or KIND NAME')
    .action(async (words: string[]) => {
      const { client, output } = open()
      output.print(await client.request('GET', targetOf(words).path))
    })
}

async function install(client: Client, file: string, flags: InstallFlags): Promise<unknown> {
  const { kind, name, trusted, sha256 } = flags
  if ((kind === undefined) !== (name === undefined))
    throw new CliError(exitCodes.usage, 'give --kind and --name together')
  const decided = flags.grant === undefined ? undefined : readGrantFlags(flags.grant)
  const question =
    decided === undefined && process.stdin.isTTY ? await askOnTerminal(client, file) : {}
  if (question === undefined) return undefined
  const body = {
    file,
    ...(trusted === true ? { tier: 'trusted' } : {}),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(decided === undefined ? {} : { grants: decided }),
    ...question,
  }
  if (kind === undefined) return followJob(client, { method: 'POST', path: at('plugins'), body })
  const path = at('plugins', `${kind}s`)
  return followJob(client, { method: 'POST', path, body: { name, ...body } })
}

/** Grants that are not named stay as they are. */
function upgrade(
  client: Client,
  words: readonly string[],
  { policy, grant, sha256 }: UpgradeFlags,
): Promise<unknown> {
  const url = words.at(-1)
  const target = words.slice(0, -1)
  if (url === undefined || target.length === 0)
    throw new CliError(exitCodes.usage, 'give the name of the plugin and the address of the zip')
  const [, named] = target
  const body = {
    ...(named === undefined ? {} : { name: named }),
    file: addressOf(url),
    ...(policy === undefined ? {} : { policy }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(grant === undefined ? {} : { grants: readGrantFlags(grant) }),
  }
  return followJob(client, { method: 'PUT', path: pathOf(target), body })
}

/** What was looked at is what is installed: its digest goes along. @returns `undefined`: called off */
async function askOnTerminal(
  client: Client,
  file: string,
): Promise<{ grants?: GrantsBody | 'none'; sha256?: string } | undefined> {
  const preview = await client.request('POST', at('plugins', 'preview'), { file }).catch(() => {})
  // a zip without a manifest asks for nothing; what else is wrong is said when it is installed
  if (preview === undefined) return {}
  const {
    package: title,
    version,
    sha256,
    extensions,
    asks,
  } = preview as {
    package: string
    version: string
    sha256: string
    extensions: readonly { kind: string; name: string }[]
    asks: readonly Ask[]
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  // lines that come before they are asked for wait in it; at its end nothing is installed
  const lines = terminal[Symbol.asyncIterator]()
  const ask = async (question: string) => {
    process.stderr.write(question)
    const { done, value } = await lines.next()
    if (done === true) throw new CliError(exitCodes.refused, 'nothing was installed')
    return value
  }
  try {
    const show = (text: string) => void process.stderr.write(`${text}\n`)
    show(`${title} ${version}: ${extensions.map((each) => `${each.kind} ${each.name}`).join(', ')}`)
    const grants = await askForGrants(asks, { show, ask })
    return grants && { grants, sha256 }
  } finally {
    terminal.close()
  }
}

/** `mysql`, `sink mysql`, each with JSON behind it or without. */
function targetOf(words: readonly string[]): { path: string; json: string | undefined } {
  const [first = '', second, third] = words
  const isKind = kinds.includes(first) && second !== undefined && !second.startsWith('{')
  const rest = words.slice(isKind ? 3 : 2)
  if (rest.length > 0) throw new CliError(exitCodes.usage, `what is ${rest.join(' ')} for?`)
  return isKind
    ? { path: at('plugins', `${first}s`, second, 'grants'), json: third }
    : { path: at('plugins', first, 'grants'), json: second }
}

function revoked(flags: readonly string[] | undefined): unknown {
  if (flags === undefined) return undefined
  const named = flags.map((flag) => flag.replace(/^(files\.(?!private)[^=]+)$/, '$1=.'))
  return readGrantFlags(named)
}

function addressOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : pathToFileURL(resolve(url)).href
}
