import type { Command } from 'commander'
import { definitionCommands } from './commands/definitions.ts'
import { pluginCommands } from './commands/plugins.ts'
import { ruleCommands } from './commands/rules.ts'
import type { OpenSession } from './session.ts'
import type { Verbs } from './verb-commands.ts'

export function addVerbs(program: Command, open: OpenSession): void {
  const verb = (name: string, description: string) => program.command(name).description(description)
  const verbs: Verbs = {
    create: verb('create', 'creates a stream, table, rule or plugin'),
    show: verb('show', 'lists streams, tables, rules or plugins'),
    describe: verb('describe', 'shows one of them'),
    drop: verb('drop', 'removes one of them'),
    start: verb('start', 'starts a rule'),
    stop: verb('stop', 'stops a rule'),
    restart: verb('restart', 'restarts a rule'),
    getstatus: verb('getstatus', 'shows state and metrics of a rule'),
    gettopo: verb('gettopo', 'shows the operators of a rule'),
    explain: verb('explain', 'shows the plan of a rule'),
    validate: verb('validate', 'checks a rule without creating it'),
    register: verb('register', 'names the functions of a plugin'),
  }
  definitionCommands(verbs, open)
  ruleCommands(verbs, open)
  pluginCommands(verbs, open)
}
