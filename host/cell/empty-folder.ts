import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '#host/errors.ts'

/**
 * A working directory for a process that runs third-party code: there is nothing in it to be read by a relative name, and
 * nothing can be put there.
 *
 * @returns its path
 */
export function emptyFolder(parent: string): string {
  const folder = join(parent, 'empty')
  mkdirSync(parent, { recursive: true })
  try {
    mkdirSync(folder, { mode: 0o500 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  return folder
}
