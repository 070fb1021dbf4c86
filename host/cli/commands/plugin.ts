import { relative, resolve } from 'node:path'
import { Argument, type Command } from 'commander'
import { CliError, exitCodes } from '../exit.ts'
import { readJson, textOrFile } from '../input.ts'
import { at, type OpenSession } from '../session.ts'

const kinds = ['source', 'sink', 'function']

/** What authors and operators do with a plugin beside Kuiper's verbs: `plugin pack`, `plugin grant`. */
export function pluginCommand(program: Command, open: OpenSession): void {
  const plugin = program.command('plugin').description('packs a plugin, gives it powers')
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
  plugin
    .command('grant')
    .description('gives powers that a plugin asked for')
    .addArgument(new Argument('<kind>').choices(kinds))
    .argument('<name>')
    .argument('[json]', '{"network": ["tcp://db:3306"], "secrets": ["apiKey"]}')
    .option('-f, --file <file>', 'the JSON')
    .action(
      async (
        kind: string,
        name: string,
        json: string | undefined,
        { file }: { file?: string },
      ): Promise<void> => {
        const { client, output } = open()
        const body = readJson(textOrFile(json, file))
        output.print(await client.request('POST', at('plugins', `${kind}s`, name, 'grants'), body))
      },
    )
}
