import type { Command } from 'commander'
import type { OpenSession } from '../session.ts'
import { pluginAuthorCommands } from './plugin-author.ts'
import { pluginDevCommand } from './plugin-dev.ts'
import { pluginOperatorCommands } from './plugin-operator.ts'

/** What authors and operators do with a plugin beside Kuiper's verbs: `plugin pack`, `plugin install`. */
export function pluginCommand(program: Command, open: OpenSession): void {
  const plugin = program
    .command('plugin')
    .description('makes, packs and installs plugins, gives them powers')
  pluginAuthorCommands(plugin, open)
  pluginDevCommand(plugin, open)
  pluginOperatorCommands(plugin, open)
}
