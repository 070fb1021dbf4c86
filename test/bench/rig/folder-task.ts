import { AbstractSourceTask, ObjectRecordIterator, sourceConfig } from '@plutino/sdk/object-source'
import { pureCodecs } from '@plutino/sdk/object-source/compression'
import { ParquetTransformer } from '@plutino/sdk/object-source/parquet'
import { FolderStore } from '#test/sdk/object-source/folder.ts'
import { MemoryState, memoryLog } from '#test/sdk/object-source/rig.ts'

class FolderTask extends AbstractSourceTask {
  #folder = ''

  protected override configure(props: Readonly<Record<string, unknown>>) {
    this.#folder = String(props.datasource)
    return sourceConfig(props)
  }

  protected override getIterator() {
    const { config, context } = this
    const store = new FolderStore(this.#folder)
    const transformers = [new ParquetTransformer()]
    return new ObjectRecordIterator({ store, config, context, codecs: pureCodecs, transformers })
  }

  protected override closeResources(): void {}
}

/** @returns the sum of the records' ids */
export async function throughTask(folder: string, format: string, count: number, look = () => {}) {
  const task = new FolderTask()
  const setup = { logger: memoryLog(), state: new MemoryState() }
  await task.start(setup, { datasource: folder, 'input.format': format })
  let sum = 0
  for (let left = count; left > 0; ) {
    const record = task.takeRecord()
    if (record === undefined) {
      look()
      await task.waitForRecords()
    } else {
      sum += Number((record.value.value as { id: unknown }).id)
      left--
      if (left % 1024 === 0) look()
    }
  }
  await task.close()
  return sum
}
