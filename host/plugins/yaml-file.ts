import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Puts a source's yaml into `etc/sources`, unless there is one: a file there belongs to the operator. A new default that
 * differs lies beside it.
 *
 * @returns what to tell the operator
 */
export async function placeYaml(
  etcFolder: string,
  yaml: Readonly<Record<string, string>>,
): Promise<string[]> {
  const notes: string[] = []
  for (const [source, text] of Object.entries(yaml)) {
    const path = join(etcFolder, 'sources', `${source}.yaml`)
    await mkdir(join(etcFolder, 'sources'), { recursive: true })
    const present = await readFile(path, 'utf8').catch(() => undefined)
    if (present === undefined) await writeFile(path, text)
    else if (present !== text) {
      await writeFile(`${path}.new`, text)
      notes.push(
        `etc/sources/${source}.yaml was left as it is; the plugin's new default lies beside it as ${source}.yaml.new`,
      )
    }
  }
  return notes
}
