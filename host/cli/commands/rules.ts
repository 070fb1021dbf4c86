import { flagValue, readJson, textOrFile } from '../input.ts'
import { at, type OpenSession, type Session } from '../session.ts'
import type { Verbs } from '../verb-commands.ts'

export function ruleCommands(verbs: Verbs, open: OpenSession): void {
  writeCommands(verbs, open)
  readCommands(verbs, open)
  const runs = { start: verbs.start, stop: verbs.stop, restart: verbs.restart }
  for (const [verb, command] of Object.entries(runs)) {
    command
      .command('rule')
      .description(`${verb}s a rule`)
      .argument('<id>')
      .option('-w, --wait <time>', 'waits so long at most, such as 10s, and prints its state then')
      .action(async (id: string, { wait }: WaitOption) => {
        const { client, output } = open()
        const answer = await client.request('POST', at('rules', id, verb) + waitQuery(wait))
        output.print(output.isJson || wait === undefined ? answer : outcome(answer))
      })
  }
}

function writeCommands(verbs: Verbs, open: OpenSession): void {
  verbs.create
    .command('rule')
    .description(
      `creates a rule and starts it: rule alarm '{"sql": "SELECT …", "actions": [{"log": {}}]}'`,
    )
    .argument('[id]', 'left out where the JSON has it')
    .argument('[json]')
    .option('-f, --file <file>', 'with the JSON; - is the standard input')
    .action(async (id: string | undefined, json: string | undefined, { file }: FileOption) => {
      const { client, output } = open()
      // one argument that is JSON holds its own id
      const isBare = json === undefined && id?.trimStart().startsWith('{') === true
      const rule = readJson(textOrFile(isBare ? id : json, file, 'the rule as JSON'))
      const body = isBare || id === undefined ? rule : { ...rule, id }
      output.print(await client.request('POST', '/rules', body))
    })
  verbs.validate
    .command('rule')
    .description('checks a rule without creating it: its plan, and calls of functions of plugins')
    .argument('[json]', '{"sql": "SELECT …", "actions": [{"log": {}}]}')
    .option('-f, --file <file>', 'with the JSON; - is the standard input')
    .action(async (json: string | undefined, { file }: FileOption) => {
      const { client, output } = open()
      const rule = { id: 'validated', ...readJson(textOrFile(json, file, 'the rule as JSON')) }
      const answer = await client.request('POST', '/rules/validate', rule)
      output.print(output.isJson ? answer : 'The rule is valid.')
    })
  verbs.drop
    .command('rule')
    .description('stops a rule and removes it, with what it has kept')
    .argument('<id>')
    .action(async (id: string) => {
      const { client, output } = open()
      output.print(await client.request('DELETE', at('rules', id)))
    })
}

interface WaitOption {
  readonly wait?: string | undefined
}

function waitQuery(wait: string | undefined): string {
  if (wait === undefined) return ''
  return `?wait=${flagValue('--wait', wait, /^\d+(?:ms|s|m)?$/, 'a time such as 10s')}`
}

/** `Rule r: stopped by error: no broker`. */
function outcome(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer
  const { id, status, message, done } = answer as Record<string, unknown>
  const why = message === '' ? '' : `: ${message}`
  return `Rule ${id}: ${status}${why}${done === true ? '' : ' (still under way)'}`
}

interface FileOption {
  readonly file?: string | undefined
}

function readCommands(verbs: Verbs, open: OpenSession): void {
  verbs.show
    .command('rules')
    .description('lists rules and their states')
    .action(async () => {
      const { client, output } = open()
      const rules = await client.request('GET', '/rules')
      output.list(output.isJson ? rules : shown(rules), 'No rule definitions are found.')
    })
  const get = async ({ client, output }: Session, path: string) => {
    output.print(await client.request('GET', path))
  }
  const reads = {
    describe: [[], 'shows a rule as it was created'],
    getstatus: [['status'], 'shows its state, why it is in it, and figures'],
    gettopo: [['topo'], 'shows its operators, and what they feed'],
    explain: [['explain'], 'shows its plan, one JSON a line'],
  } as const
  for (const verb of ['describe', 'getstatus', 'gettopo', 'explain'] as const) {
    const [part, description] = reads[verb]
    verbs[verb]
      .command('rule')
      .description(description)
      .argument('<id>')
      .action((id: string) => get(open(), at('rules', id, ...part)))
  }
}

/** The columns that people look for. */
function shown(rules: unknown): unknown {
  if (!Array.isArray(rules)) return rules
  return rules.map(({ id, status, version, tags }) => ({
    id,
    status,
    version,
    tags: Array.isArray(tags) ? tags.join(' ') : '',
  }))
}
