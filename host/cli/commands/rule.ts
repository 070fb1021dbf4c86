import { readFile, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { textOf } from '#host/errors.ts'
import { CliError, exitCodes } from '../exit.ts'
import { at, type OpenSession } from '../session.ts'

interface Kept {
  readonly epoch: number
  readonly number: number
  readonly at: number
  readonly bytes: number
  readonly whole: boolean
}

/** What operators do with a rule beside Kuiper's verbs: `rule state show|export|import|reset`. */
export function ruleCommand(program: Command, open: OpenSession): void {
  const state = program
    .command('rule')
    .description('shows, exports, imports or resets what a rule has kept')
    .command('state')
    .description('its state: what it goes on from when it starts')
  state
    .command('show')
    .description('lists the checkpoints that are kept')
    .argument('<id>')
    .action(async (id: string) => {
      const { client, output } = open()
      const kept = (await client.request('GET', at('rules', id, 'checkpoints'))) as Kept[]
      output.list(output.isJson ? kept : kept.map(shown), `Rule ${id} has no checkpoint.`)
    })
  state
    .command('export')
    .description('writes its state into a file')
    .argument('<id>')
    .argument('[file]', 'ID.state where it is left out')
    .action(async (id: string, file = `${id}.state`) => {
      const { client, output } = open()
      const bytes = await client.download(at('rules', id, 'state'))
      await onDisk(() => writeFile(file, bytes))
      output.print(`Rule ${id} state was written to ${file}.`)
    })
  state
    .command('import')
    .description('goes on from a state in a file')
    .argument('<id>')
    .argument('<file>')
    .action(async (id: string, file: string) => {
      const { client, output } = open()
      const bytes = await onDisk(() => readFile(file))
      output.print(await client.upload('PUT', at('rules', id, 'state'), bytes))
    })
  state
    .command('reset')
    .description(
      'starts anew, without what it has kept; with --stream only its source goes elsewhere',
    )
    .argument('<id>')
    .option('--stream <stream>', 'a stream of the rule: its source goes on from where --input says')
    .option('--input <json>', "what the source's plugin takes, an object")
    .action(async (id: string, { stream, input }: { stream?: string; input?: string }) => {
      const body = resetOf(stream, input)
      const { client, output } = open()
      const method = body === undefined ? 'POST' : 'PUT'
      output.print(await client.request(method, at('rules', id, 'reset_state'), body))
    })
}

function resetOf(stream: string | undefined, input: string | undefined): object | undefined {
  if (stream === undefined && input === undefined) return undefined
  if (stream === undefined || input === undefined) {
    const text = '--stream and --input go together; without both the whole state is reset'
    throw new CliError(exitCodes.usage, text)
  }
  try {
    return { type: 1, params: { streamName: stream, input: JSON.parse(input) } }
  } catch (error) {
    throw new CliError(exitCodes.usage, `--input is no JSON: ${textOf(error)}`)
  }
}

function shown({ epoch, number, at: taken, bytes, whole }: Kept) {
  const time = new Date(taken).toISOString()
  return { taken: time, bytes, epoch, number, state: whole ? 'whole' : 'damaged' }
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new CliError(exitCodes.usage, textOf(error))
  }
}
