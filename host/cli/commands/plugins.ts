import { readJson, textOrFile } from '../input.ts'
import { at, type OpenSession } from '../session.ts'
import type { Verbs } from '../verb-commands.ts'

/** `create plugin source random '{"file": "http://…/random.zip"}'` and its like. */
export function pluginCommands(verbs: Verbs, open: OpenSession): void {
  const create = verbs.create
    .command('plugin')
    .description('installs a source, sink or function from a zip; plugin install does more')
  const show = verbs.show
    .command('plugins')
    .description('lists sources, sinks or functions of plugins; plugin list shows packages')
  const describe = verbs.describe
    .command('plugin')
    .description('shows version, package and powers of a plugin')
  const drop = verbs.drop.command('plugin').description('removes a plugin')
  for (const kind of ['source', 'sink', 'function'] as const) {
    const path = `plugins/${kind}s`.split('/')
    create
      .command(kind)
      .description(`installs a ${kind} from a zip`)
      .argument('<name>')
      .argument('[json]', '{"file": "http://…/name.zip"}')
      .option('-f, --file <file>', 'with the JSON; - is the standard input')
      .action(async (name: string, json: string | undefined, { file }: { file?: string }) => {
        const { client, output } = open()
        const body = { name, ...readJson(textOrFile(json, file, 'JSON with "file"')) }
        output.print(await client.request('POST', at(...path), body))
      })
    show
      .command(`${kind}s`)
      .alias(kind)
      .description(`lists ${kind}s of plugins`)
      .action(async () => {
        const { client, output } = open()
        output.list(await client.request('GET', at(...path)), `No ${kind} plugins are found.`)
      })
    describe
      .command(kind)
      .description(`shows version, package and powers of a ${kind}`)
      .argument('<name>')
      .action(async (name: string) => {
        const { client, output } = open()
        output.print(await client.request('GET', at(...path, name)))
      })
    drop
      .command(kind)
      .description(`removes the package of a ${kind}`)
      .argument('<name>')
      .option(
        '-s, --stop <flag>',
        'understood for the sake of Kuiper: nothing needs a restart here',
      )
      .action(async (name: string) => {
        const { client, output } = open()
        output.print(await client.request('DELETE', at(...path, name)))
      })
  }
  verbs.register
    .command('plugin')
    .description('names the functions of a function plugin')
    .command('function')
    .description('names functions that its zip brings, for zips without a manifest')
    .argument('<name>')
    .argument('[json]', '{"functions": ["a", "b"]}')
    .option('-f, --file <file>', 'with the JSON; - is the standard input')
    .action(async (name: string, json: string | undefined, { file }: { file?: string }) => {
      const { client, output } = open()
      const body = readJson(textOrFile(json, file, 'JSON with "functions"'))
      output.print(await client.request('POST', at('plugins', 'functions', name, 'register'), body))
    })
}
