import { createHash, createHmac } from 'node:crypto'
import type { Asked } from './fake.ts'

/**
 * The signature that a store wants for a request, computed from what came over the wire as AWS Signature Version 4 says.
 *
 * @returns as in the request's header `authorization`
 */
export function wantedSignature({ url, headers }: Asked, secret: string): string {
  const [, scope = '', names = ''] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\S+), SignedHeaders=(\S+), /.exec(
      headers.authorization ?? '',
    ) ?? []
  const signed = names.split(';')
  const query = [...url.searchParams].map(([name, value]) => `${quoted(name)}=${quoted(value)}`)
  const canonical = [
    'GET',
    url.pathname.split('/').map(decodeURIComponent).map(quoted).join('/'),
    query.sort().join('&'),
    ...signed.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names,
    headers['x-amz-content-sha256'],
  ]
  const text = [
    'AWS4-HMAC-SHA256',
    headers['x-amz-date'],
    scope,
    createHash('sha256').update(canonical.join('\n')).digest('hex'),
  ]
  const key = scope
    .split('/')
    .reduce<string | Buffer>((last, part) => hmac(last, part).digest(), `AWS4${secret}`)
  return hmac(key, text.join('\n')).digest('hex')
}

export function sentSignature({ headers }: Asked): string {
  return /Signature=(\w+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
}

function hmac(key: string | Buffer, text: string) {
  return createHmac('sha256', key).update(text)
}

/** Byte by byte: letters, digits and `-._~` stand for themselves. */
function quoted(text: string): string {
  return Array.from(Buffer.from(text), (byte) => {
    const sign = String.fromCharCode(byte)
    if (/[A-Za-z0-9._~-]/.test(sign)) return sign
    return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
}
