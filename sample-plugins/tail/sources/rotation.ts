import type { FileEntry } from '@plutino/sdk'

/** Files that were packed since hold no lines. */
const PACKED = /\.(gz|bz2|xz|zst|zip)$/

/**
 * Where to go on when the file called `name` is another one: the oldest file that is newer than the one that was read. Its
 * predecessors have been renamed to `name` and something behind it, as log rotation does.
 *
 * @param entries of the folder
 * @param read the entry of the file that was read to its end; `undefined`: it is gone
 */
export function successor(
  entries: readonly FileEntry[],
  name: string,
  read: FileEntry | undefined,
): FileEntry | undefined {
  const current = entries.find((entry) => entry.name === name && entry.type === 'file')
  if (read === undefined) return current
  const between = entries
    .filter((entry) => {
      const isRotated = entry.name.startsWith(name) && entry.name !== name
      return isRotated && entry.type === 'file' && !PACKED.test(entry.name)
    })
    .filter(({ id, modifiedAt }) => id !== read.id && modifiedAt > read.modifiedAt)
    .sort((a, b) => a.modifiedAt - b.modifiedAt)
  return between[0] ?? (current?.id === read.id ? undefined : current)
}
