import type { Command } from 'commander'
import type { OpenSession } from '../session.ts'
import { pluginAuthorCommands } from './plugin-author.ts'
import { pluginDevCommand } from './plugin-dev.ts'
import { pluginOperatorCommands } from './plugin-operator.ts'

const steps = `
For a start:
  plutino plugin new greetings --function greet
  cd greetings && npm install
  plutino plugin dev --sql "SELECT greet('Ada') AS text FROM plugin_dev"
  plutino plugin pack
  plutino plugin install target/plugins/functions/Greet@v0.1.0.zip

NAME is that of a package, or of a source, sink or function of it; a KIND before it (source, sink, function) says which.`

/** What authors and operators do with a plugin beside Kuiper's verbs: `plugin pack`, `plugin install`. */
export function pluginCommand(program: Command, open: OpenSession): void {
  const plugin = program
    .command('plugin')
    .description('makes, packs and installs plugins, gives them powers')
    .addHelpText('after', steps)
  pluginAuthorCommands(plugin, open)
  pluginDevCommand(plugin, open)
  pluginOperatorCommands(plugin, open)
}
