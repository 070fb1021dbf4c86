import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { PackError, type Packed, pack } from '@plutino/sdk/pack'
import { inspectInSandbox } from '#host/plugins/inspect.ts'
import { codeOf } from '#host/plugins/installation.ts'
import { type Prepared, prepare } from '#host/plugins/prepare.ts'
import { readVersion } from '#host/version.ts'
import { signed } from './keys.ts'
import { checkName } from './names.ts'
import { checkPowers } from './power-check.ts'
import { compilerFile } from './sdk-tarball.ts'

export interface CheckedOptions {
  readonly output?: string | undefined
  /** @default true */
  readonly types?: boolean | undefined
  /** The file of a private key to sign with. */
  readonly key?: string | undefined
}

export interface CheckedPackage extends Packed {
  /** What the author should know and what refuses nothing. */
  readonly notes: readonly string[]
  readonly signer?: string | undefined
}

const root = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Packs a project after looking at it as a host will: types, manifest, names, modules and globals that need a power, and
 * the methods of each kind, in a sandbox.
 *
 * @throws PackError, AuthoringError; no zip is left then
 */
export async function packChecked(
  folder: string,
  { output, types = true, key }: CheckedOptions = {},
): Promise<CheckedPackage> {
  const notes: string[] = []
  if (existsSync(path.join(folder, 'tsconfig.json'))) {
    if (types) await checkTypes(folder)
    else notes.push('types were not checked (--no-types)')
  }
  let signer: string | undefined
  const packed = await pack(folder, {
    output,
    check(project, scripts) {
      for (const { kind, name } of project.entries)
        checkName(kind.slice(0, -1) as 'source' | 'sink' | 'function', name)
      notes.push(...checkPowers(project, scripts))
    },
    ...(key !== undefined && {
      async sign(text) {
        const made = await signed(text, key)
        signer = made.signer
        return made.entry
      },
    }),
  })
  // not under its name before it was seen to load
  const draft = `${packed.path}.unchecked`
  await rename(packed.path, draft)
  try {
    const zip = await readFile(draft)
    await checkLoads(await prepare({ zip, hostVersion: readVersion() }))
    await rename(draft, packed.path)
  } catch (error) {
    await rm(draft, { force: true })
    if (error instanceof PackError) throw error
    throw new PackError('bad-manifest', `a host would refuse it: ${(error as Error).message}`, {
      cause: error,
    })
  }
  if (!packed.files.includes('README.md'))
    notes.push('there is no README.md: operators read it before they install')
  return { ...packed, notes, signer }
}

/** Runs it once in a sandbox, as an installation does. */
async function checkLoads({ content, scripts }: Prepared): Promise<void> {
  const codes = content.extensions.map((extension) => {
    const script = scripts.find(({ file }) => file === extension.file)
    return codeOf(content, extension, script ?? { text: '', sha256: '' })
  })
  await inspectInSandbox(codes, { cacheFolder: path.join(root, '.cache', 'authoring') })
}

/** With the project's own compiler where it has one. */
async function checkTypes(folder: string): Promise<void> {
  const own = path.join(folder, 'node_modules', 'typescript', 'bin', 'tsc')
  const compiler = existsSync(own) ? own : compilerFile()
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  execFile(
    process.execPath,
    [compiler, '--noEmit', '--pretty', 'false', '-p', folder],
    { cwd: folder },
    (error, stdout) => resolve(error === null ? undefined : stdout || error.message),
  )
  const found = await promise
  if (found === undefined) return
  const lines = found.trim().split('\n')
  const more = lines.length > 20 ? `\n… and ${lines.length - 20} lines more` : ''
  const hint = existsSync(path.join(folder, 'node_modules'))
    ? ''
    : ' or not installed (npm install in its folder)'
  throw new PackError(
    'bad-types',
    `its types are wrong${hint}; --no-types packs it all the same:\n${lines.slice(0, 20).join('\n')}${more}`,
  )
}
