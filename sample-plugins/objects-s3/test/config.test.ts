import test from 'ava'
import { s3Config } from '../sources/s3-config.ts'

test('J64: a full S3 configuration: every property is read; defaults of the retries are 100, 20000, 3', (t) => {
  const full = s3Config({
    datasource: 'other/elsewhere/',
    'aws.s3.bucket.name': 'orders',
    'aws.s3.prefix': '2026/',
    'aws.s3.endpoint': 'http://127.0.0.1:9000',
    'aws.s3.region': 'eu-central-1',
    'aws.s3.path.style': 'false',
    'aws.s3.tls.ca': 'PEM',
    'aws.s3.fetch.page.size': '10',
    'aws.s3.backoff.delay.ms': 1,
    'aws.s3.backoff.max.delay.ms': 2,
    'aws.s3.backoff.max.retries': 0,
    'aws.access.key.id': 'id',
    'aws.secret.access.key': 'key',
    'aws.session.token': 'token',
    'aws.anonymous': true,
    'input.format': 'csv',
  })
  t.like(full, {
    bucket: 'orders',
    prefix: '2026/',
    endpoint: 'http://127.0.0.1:9000',
    region: 'eu-central-1',
    isPathStyle: false,
    ca: 'PEM',
    pageSize: 10,
    backoffMs: 1,
    backoffMaxMs: 2,
    maxRetries: 0,
    accessKeyId: 'id',
    secretAccessKey: 'key',
    sessionToken: 'token',
    isAnonymous: true,
    inputFormat: 'csv',
  })
  t.like(s3Config({ datasource: 'orders/2026/11' }), {
    bucket: 'orders',
    prefix: '2026/11',
    endpoint: 'https://s3.us-east-1.amazonaws.com',
    isPathStyle: true,
    pageSize: 1000,
    backoffMs: 100,
    backoffMaxMs: 20_000,
    maxRetries: 3,
    isAnonymous: false,
  })
})

test('what cannot be is refused by name', (t) => {
  const refused = (props: Record<string, unknown>) =>
    t.throws(() => s3Config({ datasource: 'box', ...props }), { code: 'configuration' })?.message
  t.regex(refused({ datasource: '' }) ?? '', /aws\.s3\.bucket\.name: ""/)
  t.regex(refused({ 'aws.s3.endpoint': 'store' }) ?? '', /aws\.s3\.endpoint: "store" is no URL/)
  t.regex(refused({ 'aws.access.key.id': 'id' }) ?? '', /given together or not at all/)
  t.regex(refused({ 'aws.s3.fetch.page.size': 0 }) ?? '', /aws\.s3\.fetch\.page\.size: 0/)
  t.regex(refused({ 'aws.s3.path.style': 'maybe' }) ?? '', /aws\.s3\.path\.style: "maybe"/)
})
