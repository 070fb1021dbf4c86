import {
  AbstractSourceTask,
  choice,
  count,
  ObjectRecordIterator,
  ObjectSourceError,
  type SourceCommonConfig,
  sourceConfig,
  taskSource,
} from '@plutino/sdk/object-source'
import { pureCodecs } from '@plutino/sdk/object-source/compression'
import { ParquetTransformer } from '@plutino/sdk/object-source/parquet'
import { FolderStore } from './folder-store.ts'

interface FileConfig extends SourceCommonConfig {
  readonly path: string
  readonly isRecursive: boolean
  readonly pageSize: number
  readonly settleMs: number
}

/** The stream's DATASOURCE is a folder within the granted one, `.` or nothing for all of it. */
class FileTask extends AbstractSourceTask<FileConfig> {
  protected override configure(props: Readonly<Record<string, unknown>>): FileConfig {
    return {
      ...sourceConfig(props),
      path: folderPath(String(props.datasource ?? '')),
      isRecursive: choice(props, 'file.recursive', ['true', 'false'], 'true') === 'true',
      pageSize: count(props, 'file.fetch.page.size', 1000, 1),
      settleMs: count(props, 'file.settle.ms', 0, 0),
    }
  }

  protected override getIterator() {
    const { config, context } = this
    const { powers, now } = context
    if (powers === undefined) throw new ObjectSourceError('state', 'there are no files to read')
    const { path, isRecursive, pageSize, settleMs } = config
    const store = new FolderStore(powers.files.folder('input'), {
      path,
      isRecursive,
      pageSize: Math.min(pageSize, 1000),
      settleMs,
      now,
    })
    const transformers = [new ParquetTransformer()]
    return new ObjectRecordIterator({ store, config, context, codecs: pureCodecs, transformers })
  }

  protected override closeResources(): void {}
}

function folderPath(datasource: string): string {
  const parts = datasource.split('/')
  return parts.filter((part) => part !== '' && part !== '.').join('/')
}

export const objectsFile = taskSource(() => new FileTask())
