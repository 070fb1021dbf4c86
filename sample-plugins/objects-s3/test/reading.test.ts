import { AbstractSourceTask, ObjectRecordIterator } from '@plutino/sdk/object-source'
import test from 'ava'
import { MemoryState, memoryLog } from '../../../test/sdk/object-source/rig.ts'
import { type S3Config, s3Config } from '../sources/s3-config.ts'
import { startFake } from './fake.ts'
import { storeAt } from './rig.ts'

class Task extends AbstractSourceTask<S3Config> {
  #endpoint = ''
  #props: Readonly<Record<string, unknown>> = {}
  protected override configure(props: Readonly<Record<string, unknown>>): S3Config {
    this.#endpoint = String(props['aws.s3.endpoint'])
    this.#props = props
    return s3Config(props)
  }
  protected override getIterator() {
    const { config, context } = this
    const store = storeAt(this.#endpoint, { props: this.#props })
    return new ObjectRecordIterator({ store, config, context })
  }
  protected override closeResources(): void {}
}

async function read(url: string, count: number, props: Readonly<Record<string, unknown>>) {
  const task = new Task()
  const setup = { logger: memoryLog(), state: new MemoryState() }
  await task.start(setup, { datasource: 'box', 'aws.s3.endpoint': url, ...props })
  const found: [unknown, string][] = []
  while (found.length < count) {
    const record = task.takeRecord()
    if (record === undefined) await task.waitForRecords()
    else {
      const text = Buffer.from(record.value.value as Uint8Array).toString()
      found.push([record.meta?.storageKey, text])
    }
  }
  await task.close()
  return found
}

test('J104: of objects of 0, 1 and 1 bytes two are asked for', async (t) => {
  const fake = await startFake(t, { a: '', b: '1', c: '2' })
  t.deepEqual(await read(fake.url, 2, {}), [
    ['b', '1'],
    ['c', '2'],
  ])
  t.deepEqual([fake.count('a'), fake.count('b'), fake.count('c')], [0, 1, 1])
})

test('J114: bytes with and without prefix: all values, one record an object', async (t) => {
  const fake = await startFake(t, { 'a/1': 'one', 'a/2': 'two', 'b/1': 'three' })
  const all = [
    ['a/1', 'one'],
    ['a/2', 'two'],
    ['b/1', 'three'],
  ] as [string, string][]
  t.deepEqual(await read(fake.url, 3, {}), all)
  t.deepEqual(await read(fake.url, 2, { 'aws.s3.prefix': 'a/' }), all.slice(0, 2))
})
