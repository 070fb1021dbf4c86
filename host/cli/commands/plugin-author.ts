import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { basename, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import type { Kind } from '#host/authoring/new-project.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { OpenSession } from '../session.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** What authors do with a plugin: `plugin new`, `plugin test`, `plugin pack`. */
export function pluginAuthorCommands(plugin: Command, open: OpenSession): void {
  plugin
    .command('new')
    .description('makes a plugin project, with tests; with one of each kind where none is named')
    .argument('<folder>', 'to be made; its last part names the package')
    .option('--source [name]', 'with a source; it has the name of the package where none is given')
    .option('--sink [name]', 'with a sink')
    .option('--function [name]', 'with a function')
    .action(async (folder: string, flags: Partial<Record<Kind, string | true>>) => {
      const { output } = open()
      const { kinds, makeProject } = await import('#host/authoring/new-project.ts')
      const wanted = kinds.filter((kind) => flags[kind] !== undefined)
      const extensions = (wanted.length === 0 ? kinds : wanted).map((kind) => {
        const name = flags[kind]
        return { kind, name: typeof name === 'string' ? name : camel(basename(resolve(folder))) }
      })
      const files = await refused(makeProject({ folder: resolve(folder), extensions }))
      const text = `${relative('.', folder) || folder}: ${files.length} files; go on with: cd ${folder} && npm install && plutino plugin test`
      output.print(output.isJson ? { folder: resolve(folder), files } : text)
    })
  plugin
    .command('test')
    .description('runs the tests of a plugin project, in the sandbox of this host, too')
    .argument('[folder]', 'with package.json', '.')
    .action(async (folder: string) => {
      if (!existsSync(resolve(folder, 'package.json'))) {
        throw new CliError(exitCodes.usage, `no package.json in ${resolve(folder)}`)
      }
      const child = spawn('npm', ['test'], {
        cwd: resolve(folder),
        stdio: 'inherit',
        shell: process.platform === 'win32',
        env: {
          ...process.env,
          PLUTINO_HOME: root,
          // the Node that sandboxes need comes first
          PATH: `${resolve(process.execPath, '..')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`,
        },
      })
      const failed = once(child, 'error').then(([error]) => {
        throw new CliError(exitCodes.refused, `npm cannot be started: ${(error as Error).message}`)
      })
      const [code] = (await Promise.race([once(child, 'close'), failed])) as [number | null]
      if (code !== 0) throw new CliError(exitCodes.refused, 'the tests failed')
    })
  plugin
    .command('pack')
    .description('checks a plugin project and makes its zip')
    .argument('[folder]', 'with package.json', '.')
    .option('-o, --output <file>', 'the zip (target/plugins/… in the folder)')
    .option('--no-types', 'leaves the check of types out')
    .option('--sign <key>', 'signs the zip with the private key in this file')
    .action(async (folder: string, flags: PackFlags) => {
      const { output } = open()
      // the bundler is loaded by whoever packs
      const { packChecked } = await import('#host/authoring/pack-checked.ts')
      const packed = await refused(
        packChecked(resolve(folder), {
          output: flags.output && resolve(flags.output),
          types: flags.types,
          key: flags.sign && resolve(flags.sign),
        }),
      )
      for (const note of packed.notes) process.stderr.write(`${note}\n`)
      const { path, bytes, sha256, files } = packed
      const signed = packed.signer === undefined ? '' : `, signed by ${packed.signer}`
      const text = `${relative('.', path)}: ${files.length} files, ${bytes} bytes, sha256 ${sha256}${signed}`
      output.print(output.isJson ? packed : text)
    })
  plugin
    .command('keygen')
    .description('makes a key pair to sign plugins with')
    .argument('[file]', 'the private key; the public one gets .pub', 'plutino-signing.key')
    .action(async (file: string) => {
      const { output } = open()
      const { makeKeys } = await import('#host/authoring/keys.ts')
      const made = await refused(makeKeys(resolve(file)))
      const text = `${relative('.', made.file)}, ${relative('.', made.file)}.pub: signer ${made.signer}`
      output.print(output.isJson ? made : text)
    })
}

interface PackFlags {
  readonly output?: string
  readonly types: boolean
  readonly sign?: string
}

/** `my-plugin` is `myPlugin`. */
function camel(name: string): string {
  const made = name.replace(/[^A-Za-z0-9]+(.)?/g, (_all, next: string = '') => next.toUpperCase())
  return made.charAt(0).toLowerCase() + made.slice(1)
}

/** What is wrong with a project is an answer, and no fault of ours. */
async function refused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error && ['PackError', 'AuthoringError'].includes(error.name))
      throw new CliError(exitCodes.refused, error.message)
    throw error
  }
}
