import { relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { CliError, exitCodes } from '../exit.ts'
import type { OpenSession } from '../session.ts'
import { pluginOperatorCommands } from './plugin-operator.ts'

/** What authors and operators do with a plugin beside Kuiper's verbs: `plugin pack`, `plugin install`. */
export function pluginCommand(program: Command, open: OpenSession): void {
  const plugin = program
    .command('plugin')
    .description('packs and installs plugins, gives them powers')
  plugin
    .command('pack')
    .description('makes the zip of a plugin project')
    .argument('[folder]', 'with package.json', '.')
    .option('-o, --output <file>', 'the zip (target/plugins/… in the folder)')
    .action(async (folder: string, { output: file }: { output?: string }) => {
      const { output } = open()
      // the bundler is loaded by whoever packs
      const { PackError, pack } = await import('@plutino/sdk/pack')
      try {
        const packed = await pack(resolve(folder), { output: file && resolve(file) })
        const { path, bytes, sha256, files } = packed
        const text = `${relative('.', path)}: ${files.length} files, ${bytes} bytes, sha256 ${sha256}`
        output.print(output.isJson ? packed : text)
      } catch (error) {
        if (error instanceof PackError) throw new CliError(exitCodes.refused, error.message)
        throw error
      }
    })
  pluginOperatorCommands(plugin, open)
}
