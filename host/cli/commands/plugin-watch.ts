import type { Command } from 'commander'
import { CliError, exitCodes } from '../exit.ts'
import { flagValue } from '../input.ts'
import { at, type OpenSession } from '../session.ts'

const kinds = ['source', 'sink', 'function']
const nameHelp = 'NAME, or KIND NAME'

/** What operators look at and clear away: `plugin list`, `describe`, `audit`, `logs`, `metrics`, `remove`, `prune`. */
export function pluginWatchCommands(plugin: Command, open: OpenSession): void {
  plugin
    .command('list')
    .description('lists packages, versions, tiers, and the rules that hold them')
    .action(async () => {
      const { client, output } = open()
      const { packages } = (await client.request('GET', at('plugins'))) as Packages
      if (output.isJson) return output.print(packages)
      const rows = packages.map(({ package: name, version, tier, extensions, rules, signer }) => ({
        package: name,
        version,
        tier,
        brings: extensions.map((each) => `${each.kind} ${each.name}`).join(', '),
        rules: (rules ?? []).join(', '),
        ...(signer === undefined ? {} : { signer }),
      }))
      output.list(rows, 'No plugins are installed.')
    })
  plugin
    .command('describe')
    .description(
      'shows versions, options, powers asked for and granted, digest, rules of each version',
    )
    .argument('<name...>', nameHelp)
    .action(async (words: string[]) => {
      const { client, output } = open()
      output.print(await client.request('GET', pathOf(words)))
    })
  plugin
    .command('audit')
    .description('lists what was done to plugins, and what they tried and were refused')
    .argument('[name...]', `${nameHelp}; all plugins where it is left out`)
    .option('--lines <count>', 'at most', '100')
    .action(async (words: string[], { lines }: { lines: string }) => {
      const { client, output } = open()
      const path = words.length === 0 ? at('plugins', 'audit') : `${pathOf(words)}/audit`
      const found = await client.request('GET', `${path}?lines=${lineCount(lines)}`)
      if (output.isJson || !Array.isArray(found)) return output.print(found)
      output.list(found.map(auditRow), 'Nothing was done and nothing was refused.')
    })
  plugin
    .command('logs')
    .description('shows the last lines that a plugin logged')
    .argument('<name...>', nameHelp)
    .option('--lines <count>', 'at most', '100')
    .action(async (words: string[], { lines }: { lines: string }) => {
      const { client, output } = open()
      const path = `${pathOf(words)}/logs?lines=${lineCount(lines)}`
      const found = await client.request('GET', path)
      if (output.isJson || !Array.isArray(found)) return output.print(found)
      for (const { time, level, rule, msg } of found as Line[])
        output.print(`${time} ${level} rule ${rule}: ${msg}`)
    })
  plugin
    .command('metrics')
    .description('shows rows, errors, refusals, CPU time and memory, by rule')
    .argument('<name...>', nameHelp)
    .action(async (words: string[]) => {
      const { client, output } = open()
      output.print(await client.request('GET', `${pathOf(words)}/metrics`))
    })
  plugin
    .command('remove')
    .description('removes a package, or one version of it; refused while rules hold it')
    .argument('<package>', 'PACKAGE, or PACKAGE@VERSION')
    .option('--force', 'stops the rules that hold it')
    .action(async (word: string, { force }: { force?: boolean }) => {
      const { client, output } = open()
      // the first one belongs to a scope
      const mark = word.lastIndexOf('@')
      const name = mark > 0 ? word.slice(0, mark) : word
      const query = new URLSearchParams({
        ...(mark > 0 ? { version: word.slice(mark + 1) } : {}),
        ...(force === true ? { force: 'true' } : {}),
      })
      const { removed } = (await client.request(
        'DELETE',
        `${at('plugins', name)}?${query}`,
      )) as Gone
      output.list(removed.map(title), 'Nothing was removed.')
    })
  plugin
    .command('prune')
    .description('removes versions that were replaced and that no rule holds')
    .option('--all', 'and every other unused version but the newest of each package')
    .action(async ({ all }: { all?: boolean }) => {
      const { client, output } = open()
      const path = `${at('plugins', 'prune')}${all === true ? '?all=true' : ''}`
      const { removed } = (await client.request('POST', path)) as Gone
      output.list(removed.map(title), 'Nothing was removed.')
    })
}

interface Packages {
  readonly packages: readonly {
    readonly package: string
    readonly version: string
    readonly tier: string
    readonly extensions: readonly { readonly kind: string; readonly name: string }[]
    readonly rules?: readonly string[]
    readonly signer?: string
  }[]
}

interface Line {
  readonly time: string
  readonly level: string
  readonly rule: string
  readonly msg: string
}

interface Gone {
  readonly removed: readonly { readonly package: string; readonly version: string }[]
}

interface AuditLine {
  readonly package: string
  readonly version: string
  readonly what: string
  readonly rule: string
  readonly detail: string
  readonly result: string
  readonly count: number
  readonly lastAt: number
}

function lineCount(text: string): string {
  return flagValue('--lines', text, /^\d{1,4}$/, 'a number up to 9999')
}

function auditRow(entry: AuditLine) {
  const { package: name, version, what, rule, detail, result, count, lastAt } = entry
  const plugin = version === '' ? name : `${name}@${version}`
  return { at: new Date(lastAt).toISOString(), plugin, what, rule, detail, result, count }
}

function title({ package: name, version }: Gone['removed'][number]): string {
  return version === '' ? name : `${name}@${version}`
}

/** `mysql`, `sink mysql`. */
export function pathOf(words: readonly string[]): string {
  const [first = '', second, ...rest] = words
  if (second === undefined) return at('plugins', first)
  if (kinds.includes(first) && rest.length === 0) return at('plugins', `${first}s`, second)
  throw new CliError(exitCodes.usage, `what is ${words.slice(1).join(' ')} for? give ${nameHelp}`)
}
