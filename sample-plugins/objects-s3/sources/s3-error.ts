import { ObjectSourceError } from '@plutino/sdk/object-source'
import { XMLParser } from 'fast-xml-parser'

/** What a store answered instead of what was asked for; `name` is its own code, `NoSuchKey`. */
export class S3Error extends Error {
  readonly status: number

  constructor(name: string, status: number, message: string) {
    super(message)
    this.name = name
    this.status = status
  }
}

/** Not of one object but of all that is asked for: nothing will be had until someone changes something. */
const ofAll = new Set([
  'AccountProblem',
  'AuthorizationHeaderMalformed',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidBucketName',
  'InvalidToken',
  'NoSuchBucket',
  'NotImplemented',
  'NotSignedUp',
  'PermanentRedirect',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'TemporaryRedirect',
])

export interface Answer {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  text(): Promise<string>
}

/** @param what was asked for: `GET bucket/key` */
export async function errorOf(answer: Answer, what: string): Promise<Error> {
  const { status, headers } = answer
  const { code, message } = told(await answer.text().catch(() => ''))
  const name = code ?? (status === 412 ? 'PreconditionFailed' : `Status${status}`)
  const region = headers.get('x-amz-bucket-region')
  const hint = region !== null && ofAll.has(name) ? `; the bucket is in region ${region}` : ''
  const error = new S3Error(name, status, `${what}: ${status} ${name}${hint}: ${message}`)
  if (ofAll.has(name) || (status >= 300 && status < 400)) {
    return new ObjectSourceError('stop', error.message, { cause: error })
  }
  if (status !== 412) return error
  const text = `${what}: it was replaced since it was listed`
  return new ObjectSourceError('skip-object', text, { cause: error })
}

function told(body: string): { readonly code?: string | undefined; readonly message: string } {
  try {
    const { Error: error } = new XMLParser({ parseTagValue: false }).parse(body) as {
      Error?: { Code?: string; Message?: string }
    }
    return { code: error?.Code, message: error?.Message ?? 'no reason is given' }
  } catch {
    return { message: body.slice(0, 200) }
  }
}
