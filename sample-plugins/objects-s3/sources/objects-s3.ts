import {
  AbstractSourceTask,
  ObjectRecordIterator,
  ObjectSourceError,
  type TaskPowers,
  taskSource,
} from '@plutino/sdk/object-source'
import { pureCodecs } from '@plutino/sdk/object-source/compression'
import { ParquetTransformer } from '@plutino/sdk/object-source/parquet'
import { BucketStore } from './bucket-store.ts'
import { type Credentials, S3Client } from './s3-client.ts'
import { type S3Config, s3Config } from './s3-config.ts'

/** The stream's DATASOURCE is a bucket, or a bucket with a prefix: `orders`, `orders/2026/`. */
class S3Task extends AbstractSourceTask<S3Config> {
  protected override configure(props: Readonly<Record<string, unknown>>): S3Config {
    return s3Config(props)
  }

  protected override async getIterator() {
    const { config, context } = this
    const { powers, now, random, sleep } = context
    if (powers === undefined) throw new ObjectSourceError('state', 'there is no network to ask')
    const credentials = await credentialsOf(config, powers)
    const fetch: TaskPowers['fetch'] = (url, options) => powers.fetch(url, options)
    const client = new S3Client({ fetch, config, credentials, now, random, sleep })
    const store = new BucketStore(client, config.bucket, config.maxRetries)
    const transformers = [new ParquetTransformer()]
    return new ObjectRecordIterator({ store, config, context, codecs: pureCodecs, transformers })
  }

  protected override closeResources(): void {}
}

/** Those of the options, or the host's secrets. */
async function credentialsOf(
  { isAnonymous, accessKeyId, secretAccessKey, sessionToken }: S3Config,
  { secrets }: TaskPowers,
): Promise<Credentials | undefined> {
  if (isAnonymous) return undefined
  return {
    accessKeyId: accessKeyId ?? (await secrets.get('awsAccessKeyId')),
    secretAccessKey: secretAccessKey ?? (await secrets.get('awsSecretAccessKey')),
    sessionToken,
  }
}

export const objectsS3 = taskSource(() => new S3Task())
