import {
  choice,
  count,
  ObjectSourceError,
  type SourceCommonConfig,
  sourceConfig,
} from '@plutino/sdk/object-source'

export interface S3Config extends SourceCommonConfig {
  /** `aws.s3.bucket.name` @default the stream's DATASOURCE, up to its first `/` */
  readonly bucket: string
  /** `aws.s3.prefix` @default what is behind that */
  readonly prefix: string
  /** `aws.s3.endpoint` @default https://s3.REGION.amazonaws.com */
  readonly endpoint: string
  /** `aws.s3.region` @default us-east-1 */
  readonly region: string
  /** `aws.s3.path.style`: the bucket is in the path, not in the host's name. @default true */
  readonly isPathStyle: boolean
  /** `aws.s3.tls.ca`: PEM of the authority of a store with a certificate of its own. */
  readonly ca?: string | undefined
  /** `aws.s3.fetch.page.size` @default 1000 */
  readonly pageSize: number
  /** `aws.s3.backoff.delay.ms` @default 100 */
  readonly backoffMs: number
  /** `aws.s3.backoff.max.delay.ms` @default 20000 */
  readonly backoffMaxMs: number
  /** `aws.s3.backoff.max.retries`: of one request, before the layer waits and tries again. @default 3 */
  readonly maxRetries: number
  /** `aws.access.key.id`, `aws.secret.access.key` @default the secrets awsAccessKeyId and awsSecretAccessKey */
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  /** `aws.session.token` */
  readonly sessionToken?: string | undefined
  /** `aws.anonymous`: asks without a signature. @default false */
  readonly isAnonymous: boolean
}

type Props = Readonly<Record<string, unknown>>

/** @throws ObjectSourceError `configuration` naming property and value */
export function s3Config(props: Props): S3Config {
  const [place = '', ...behind] = String(props.datasource ?? '').split('/')
  const bucket = text(props, 'aws.s3.bucket.name') ?? place
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket)) {
    throw wrong(
      `aws.s3.bucket.name: "${bucket}" is no name of a bucket; it is in DATASOURCE or here`,
    )
  }
  const region = text(props, 'aws.s3.region') ?? 'us-east-1'
  const accessKeyId = text(props, 'aws.access.key.id')
  const secretAccessKey = text(props, 'aws.secret.access.key')
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw wrong('aws.access.key.id and aws.secret.access.key are given together or not at all')
  }
  return {
    ...sourceConfig(props),
    bucket,
    prefix: text(props, 'aws.s3.prefix') ?? behind.join('/'),
    endpoint: endpointOf(text(props, 'aws.s3.endpoint') ?? `https://s3.${region}.amazonaws.com`),
    region,
    isPathStyle: isTrue(props, 'aws.s3.path.style', 'true'),
    ca: text(props, 'aws.s3.tls.ca'),
    pageSize: Math.min(1000, count(props, 'aws.s3.fetch.page.size', 1000, 1)),
    backoffMs: count(props, 'aws.s3.backoff.delay.ms', 100, 1),
    backoffMaxMs: count(props, 'aws.s3.backoff.max.delay.ms', 20_000, 1),
    maxRetries: count(props, 'aws.s3.backoff.max.retries', 3, 0),
    accessKeyId,
    secretAccessKey,
    sessionToken: text(props, 'aws.session.token'),
    isAnonymous: isTrue(props, 'aws.anonymous', 'false'),
  }
}

function endpointOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw wrong(`aws.s3.endpoint: "${text}" is no URL such as https://s3.example.com`)
}

function isTrue(props: Props, name: string, byDefault: 'true' | 'false'): boolean {
  return choice(props, name, ['true', 'false'], byDefault) === 'true'
}

function text(props: Props, name: string): string | undefined {
  const given = props[name]
  return given === undefined || given === null || given === '' ? undefined : String(given)
}

function wrong(message: string): ObjectSourceError {
  return new ObjectSourceError('configuration', message)
}
