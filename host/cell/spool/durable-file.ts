import { open, readFile, rename } from 'node:fs/promises'

/** Replaces a small file by one that is whole or the old one, whatever dies. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.next`
  const file = await open(next, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(next, path)
}

/** What the file holds as JSON; `undefined`: there is none, or nothing that can be read. */
export async function readJson(
  path: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
