import { stat } from 'node:fs/promises'
import { codeOf, textOf } from '#host/errors.ts'
import { type Grant, isFolder } from './grants.ts'

/**
 * What is wrong with the folders that grants are bound to, a sentence each. Nothing is refused for it: a folder may come
 * later, as a mount or a share.
 */
export async function folderNotes(
  packageName: string,
  grants: readonly Grant[],
): Promise<string[]> {
  const notes = await Promise.all(
    grants.filter(isFolder).map(async ({ to, path = '' }) => {
      const problem = await problemOf(path)
      return problem === undefined
        ? []
        : [
            `folder "${to}" of package "${packageName}" is bound to ${path}, which ${problem}: make it, or grant another path`,
          ]
    }),
  )
  return notes.flat()
}

async function problemOf(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isDirectory() ? undefined : 'is no folder'
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR')
      return "does not exist on the server's machine"
    return `cannot be looked at: ${textOf(error)}`
  }
}
