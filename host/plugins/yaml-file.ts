import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from './prepare.ts'

/** sha256 of the yaml that a plugin brought for a source, by the source's name. */
export type YamlDigests = Readonly<Record<string, string>>

export function yamlDigests(yaml: Readonly<Record<string, string>>): YamlDigests {
  return Object.fromEntries(Object.entries(yaml).map(([source, text]) => [source, sha256(text)]))
}

/**
 * Puts the yaml of sources into `etc/sources`. A file that is there and is not what an earlier version brought belongs to
 * the operator: the new default then lies beside it.
 *
 * @param brought what versions of the package brought before
 * @returns what to tell the operator
 */
export async function placeYaml(
  etcFolder: string,
  yaml: Readonly<Record<string, string>>,
  brought: readonly YamlDigests[],
): Promise<string[]> {
  const notes: string[] = []
  for (const [source, text] of Object.entries(yaml)) {
    const path = pathOf(etcFolder, source)
    try {
      await mkdir(join(etcFolder, 'sources'), { recursive: true })
      const present = await readPresent(path)
      if (present === text) continue
      if (present === undefined || isBrought(source, present, brought)) {
        await writeFile(path, text)
        continue
      }
      await writeFile(`${path}.new`, text)
      notes.push(
        `etc/sources/${source}.yaml was left as it is; the plugin's new default lies beside it as ${source}.yaml.new`,
      )
    } catch (error) {
      notes.push(
        `etc/sources/${source}.yaml could not be written (${(error as Error).message}); without it the source has no configuration`,
      )
    }
  }
  return notes
}

/** Takes away what a removed plugin brought, unless the operator changed it. */
export async function removeYaml(
  etcFolder: string,
  brought: readonly YamlDigests[],
): Promise<void> {
  for (const source of new Set(brought.flatMap((digests) => Object.keys(digests)))) {
    const path = pathOf(etcFolder, source)
    const present = await readPresent(path).catch(() => undefined)
    if (present === undefined || !isBrought(source, present, brought)) continue
    await rm(path, { force: true }).catch(() => {})
    await rm(`${path}.new`, { force: true }).catch(() => {})
  }
}

function pathOf(etcFolder: string, source: string): string {
  return join(etcFolder, 'sources', `${source}.yaml`)
}

function isBrought(source: string, text: string, brought: readonly YamlDigests[]): boolean {
  const digest = sha256(text)
  return brought.some((digests) => digests[source] === digest)
}

async function readPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
