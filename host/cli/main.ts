import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { HostError } from '#host/errors.ts'
import { flagsOf, type ServerFlags, serverOptions } from '#host/server-flags.ts'
import { readVersion } from '#host/version.ts'
import { nearest } from '#src/sql/near.ts'
import { Client } from './client.ts'
import { pluginCommand } from './commands/plugin.ts'
import { queryCommand } from './commands/query.ts'
import { ruleCommand } from './commands/rule.ts'
import { CliError, exitCodes } from './exit.ts'
import { createOutput } from './output.ts'
import type { OpenSession } from './session.ts'
import { addVerbs } from './verbs.ts'

const defaultUrl = 'http://127.0.0.1:9081'

const firstSteps = `
For a start, the first line in a terminal of its own:
  plutino server
  plutino create stream demo '() WITH (TYPE="simulator")'
  plutino query 'SELECT * FROM demo'
  plutino create rule tell '{"sql": "SELECT * FROM demo", "actions": [{"log": {}}]}'
  plutino getstatus rule tell

plutino help create stream, plutino help plugin and so on show more of each.`

/** @returns the exit code */
async function run(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.ok
  const program = createProgram((code) => {
    exitCode = code
  })
  try {
    // Kuiper writes it with one dash
    const words = args.map((word) => (word === '-json' ? '--json' : word))
    await program.parseAsync(words, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    if (error instanceof HostError) return fail(exitCodes.usage, error.message)
    if (error instanceof CliError) return fail(error.exitCode, error.message)
    throw error
  }
}

/**
 * `help plugin install` is about `plugin install`; commander alone reads one word behind `help`.
 *
 * @throws CommanderError when it is shown, CliError for what is no command
 */
function showHelp(program: Command, words: readonly string[]): never {
  let command = program
  for (const word of words) {
    if (command.commands.length === 0) break // what follows are its arguments
    const found = command.commands.find((each) => [each.name(), ...each.aliases()].includes(word))
    if (found === undefined) {
      const names = command.commands.map((each) => each.name())
      const near = nearest(word, names)
      const hint = near === undefined ? `there is ${names.join(', ')}` : `did you mean "${near}"?`
      throw new CliError(exitCodes.usage, `${command.name()} has no command "${word}"; ${hint}`)
    }
    command = found
  }
  return command.help()
}

function fail(exitCode: number, message: string): number {
  process.stderr.write(`plutino: ${message}\n`)
  return exitCode
}

function createProgram(ended: (exitCode: number) => void): Command {
  const program = new Command('plutino')
    .description('SQL rules over live streams, with plugins in sandboxes')
    .version(readVersion())
    .option(
      '--url <url>',
      'of the server that commands go to; PLUTINO_URL sets it, too',
      process.env.PLUTINO_URL ?? defaultUrl,
    )
    .option('--json', 'prints JSON as the server gives it')
    .helpCommand(false)
    .addHelpText('after', firstSteps)
    .showHelpAfterError('(plutino --help shows the commands)')
    .exitOverride()
  const open: OpenSession = () => {
    const { url, json } = program.opts<{ url: string; json?: boolean }>()
    return { client: new Client(url), output: createOutput(json === true, process.stdout) }
  }
  serverCommand(program, ended)
  queryCommand(program, open)
  addVerbs(program, open)
  pluginCommand(program, open)
  ruleCommand(program, open)
  program
    .command('help')
    .description('shows the help of a command')
    .argument('[command...]', 'create stream, plugin install, …')
    .action((words: string[]) => showHelp(program, words))
  inherit(program)
  return program
}

function serverCommand(program: Command, ended: (exitCode: number) => void): void {
  program
    .command('server')
    .description(
      'starts a server in this folder; flags win over etc/plutino.yaml, whose option is named here',
    )
    .option('--etc <folder>', 'configuration; etc in this folder where it is left out')
    .option('--data <folder>', 'what it keeps: folders.data')
    .option('--log <folder>', 'log files: folders.log')
    .option('--plugins <folder>', 'plugins that are put there are installed: folders.plugins')
    .option('--ip <address>', 'address of the REST API: basic.restIp')
    .option('--port <port>', 'port of the REST API, 0 for any that is free: basic.restPort')
    .option('--supervised', 'in a process of its own, started again when it dies')
    .action(async (flags: ServerFlags) => {
      // a client does not pay for loading the server, nor for keeping what it was compiled to
      enableCompileCache(join(import.meta.dirname, '../../.cache/compile'))
      const options = serverOptions(flags)
      if (flags.supervised === true) {
        const { supervise } = await import('#host/supervisor.ts')
        return ended(await supervise(flagsOf(flags)))
      }
      const { leave, runServer } = await import('#host/run.ts')
      leave(await runServer(options))
    })
}

/** Errors of all commands below end the same way. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command)
    inherit(child)
  }
}

process.exit(await run(process.argv.slice(2)))
