import { createPublicKey, verify } from 'node:crypto'
import { SIGNATURE_FILE, signedText } from '@plutino/sdk/pack/signature'
import type { ArchiveFiles } from './archive.ts'
import { InstallError } from './errors.ts'

const MAX_BYTES = 4096
/** What stands before the 32 bytes of an ed25519 key in DER. */
const DER_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * Who signed a package, `ed25519:` and the public key in base64; `undefined`: nobody. The entry `SIGNATURE` is two lines: the
 * signer, and the signature over the digests of all other files.
 *
 * @throws InstallError `bad-signature` when there is one that does not hold, whoever is wanted
 */
export function readSigner(files: ArchiveFiles): string | undefined {
  const entry = files.get(SIGNATURE_FILE)
  if (entry === undefined) return undefined
  const text = entry.length > MAX_BYTES ? '' : entry.toString('utf8')
  const found = /^(ed25519:([A-Za-z0-9+/]{43}=))\n([A-Za-z0-9+/]{86}==)\n$/.exec(text)
  if (found === null) throw bad(`its entry ${SIGNATURE_FILE} is none`)
  const [, signer, key = '', signature = ''] = found
  if (!holds(key, signature, signedText(files)))
    throw bad(`the signature of ${signer} does not hold: files were changed after it was made`)
  return signer
}

/**
 * Option `plugins.signers`: whose packages are installed. An empty list: everybody's.
 *
 * @throws InstallError `not-signed`
 */
export function checkSigner(
  signer: string | undefined,
  signers: readonly string[],
  packageName: string,
): void {
  if (signers.length === 0 || (signer !== undefined && signers.includes(signer))) return
  const who = signer === undefined ? 'is not signed' : `is signed by ${signer}`
  throw new InstallError(
    'not-signed',
    `package "${packageName}" ${who}, and option plugins.signers allows ${signers.join(', ')} only; have it signed by "plutino plugin pack --sign", or add its signer to plugins.signers in etc/plutino.yaml`,
  )
}

function holds(key: string, signature: string, text: string): boolean {
  try {
    const der = Buffer.concat([DER_HEAD, Buffer.from(key, 'base64')])
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

function bad(what: string): InstallError {
  return new InstallError('bad-signature', `the package is not as it was signed: ${what}`)
}
