import { createHash } from 'node:crypto'

/** The entry of a zip that says who signed the others. */
export const SIGNATURE_FILE = 'SIGNATURE'

/**
 * What is signed: the sha256 of every file of a package but the signature itself, by name. So it does not matter how the
 * zip was compressed.
 */
export function signedText(files: ReadonlyMap<string, Uint8Array | string>): string {
  const lines = [...files.keys()]
    .filter((name) => name !== SIGNATURE_FILE)
    .sort()
    .map((name) => {
      const digest = createHash('sha256').update(files.get(name) ?? '')
      return `${digest.digest('hex')}  ${JSON.stringify(name)}\n`
    })
  return `plutino package 1\n${lines.join('')}`
}
