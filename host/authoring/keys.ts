import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { AuthoringError } from './errors.ts'

/**
 * Makes an ed25519 key pair: the private key in `file`, readable by its owner alone, the public one beside it.
 *
 * @throws AuthoringError when one of them is there already
 */
export async function makeKeys(file: string): Promise<{ file: string; signer: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const signer = signerOf(publicKey)
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  try {
    await writeFile(file, pem, { mode: 0o600, flag: 'wx' })
    await writeFile(`${file}.pub`, `${signer}\n`, { flag: 'wx' })
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException
    throw new AuthoringError(
      'exists',
      code === 'EEXIST' ? `${path} is there already; keys are never overwritten` : message,
      { cause: error },
    )
  }
  return { file, signer }
}

/** How a signer is named: `ed25519:` and the public key, 32 bytes in base64. */
function signerOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return `ed25519:${der.subarray(-32).toString('base64')}`
}

/**
 * Signs the files of a package.
 *
 * @param manifest what `signedText` makes of them
 * @throws AuthoringError `bad-key`
 */
export async function signed(
  manifest: string,
  keyFile: string,
): Promise<{ entry: string; signer: string }> {
  const key = await readKey(keyFile)
  const signer = signerOf(createPublicKey(key))
  const signature = sign(null, Buffer.from(manifest), key).toString('base64')
  return { entry: `${signer}\n${signature}\n`, signer }
}

async function readKey(file: string): Promise<KeyObject> {
  try {
    const key = createPrivateKey(await readFile(file))
    if (key.asymmetricKeyType === 'ed25519') return key
    throw new Error(`it is a key of ${key.asymmetricKeyType}`)
  } catch (error) {
    throw new AuthoringError(
      'bad-key',
      `${file} is no private ed25519 key (${(error as Error).message}); make one by "plutino plugin keygen"`,
      { cause: error },
    )
  }
}
