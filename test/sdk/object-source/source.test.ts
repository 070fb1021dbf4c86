import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import {
  AbstractSourceTask,
  type Codecs,
  ObjectRecordIterator,
  sourceConfig,
  type Transformer,
  taskSource,
} from '@plutino/sdk/object-source'
import { pureCodecs } from '@plutino/sdk/object-source/compression'
import { ParquetTransformer } from '@plutino/sdk/object-source/parquet'
import test, { type ExecutionContext } from 'ava'
import { FolderStore } from './folder.ts'
import { parquetFile } from './formats.ts'
import { live } from './plugin.ts'
import { lines, MemoryState, valuesOf } from './rig.ts'

/** How often resources were closed, by folder. */
const closes = new Map<string, number>()

class FolderTask extends AbstractSourceTask {
  #folder = ''
  readonly codecs: Codecs = pureCodecs
  readonly transformers: readonly Transformer[] = [new ParquetTransformer()]

  protected override configure(props: Readonly<Record<string, unknown>>) {
    this.#folder = String(props.datasource)
    return sourceConfig(props)
  }

  protected override getIterator() {
    const { config, context, codecs, transformers } = this
    return new ObjectRecordIterator({
      store: new FolderStore(this.#folder),
      config,
      context,
      codecs,
      transformers,
    })
  }

  protected override closeResources(): void {
    closes.set(this.#folder, (closes.get(this.#folder) ?? 0) + 1)
  }
}

const Folder = taskSource(() => new FolderTask())

async function folderWith(
  t: ExecutionContext,
  files: Readonly<Record<string, Uint8Array | string>>,
) {
  const folder = await mkdtemp(path.join(tmpdir(), 'plutino-folder-'))
  t.teardown(() => rm(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files))
    await writeFile(path.join(folder, name), content)
  return folder
}

test('a source over a folder goes on at the next record after a kill in the middle of a file, whatever its format', async (t) => {
  const folders = {
    jsonl: await folderWith(t, { a: lines('a', 3000), b: lines('b', 10) }),
    gzip: await folderWith(t, { a: gzipSync(lines('a', 3000)), b: gzipSync(lines('b', 10)) }),
    parquet: await folderWith(t, { a: parquetFile(3000), b: parquetFile(10) }),
  }
  for (const [kind, props] of [
    ['jsonl', { 'input.format': 'jsonl' }],
    ['gzip', { 'input.format': 'jsonl', 'file.compression.type': 'gzip' }],
    ['parquet', { 'input.format': 'parquet' }],
  ] as const) {
    const common = { datasource: folders[kind], props, state: new MemoryState() }
    const first = await live(new Folder(), { ...common, until: 1234 })
    const second = await live(new Folder(), { ...common, from: first.offset, until: 1776 })
    const ids = [...first.tuples, ...second.tuples].map(
      ({ message }) => (message as { id: number }).id,
    )
    t.deepEqual(ids, [...Array(3000).keys(), ...Array(10).keys()], kind)
  }
})

test.serial(
  'what was read before a stop is delivered while the source closes, and resources are closed once',
  async (t) => {
    const folder = await folderWith(t, { a: lines('a', 300) })
    const { tuples, offset } = await live(new Folder(), {
      datasource: folder,
      props: { 'input.format': 'jsonl', 'max.poll.records': 50 },
      state: new MemoryState(),
      until: 10,
      isOrderly: true,
      slow: () => new Promise((resolve) => setTimeout(resolve, 1)),
    })
    t.true(tuples.length >= 60, `${tuples.length} tuples`)
    t.like(offset, { partial: [[{ file: 'a' }, { recordCount: tuples.length }]] })
    t.is(closes.get(folder), 1)
  },
)

test('a wrong property refuses the rule at configure, and the source can be closed', async (t) => {
  const source = new Folder()
  await t.throwsAsync(
    async () => source.configure('x', { 'input.format': 'jsonl', concurrency: 0 }),
    {
      message: 'concurrency: 0 must be at least 1',
    },
  )
  await t.notThrowsAsync(async () => source.close({} as never))
})

test('values that are no rows become rows, bytes stay payloads, and metadata says where they are from', async (t) => {
  const folder = await folderWith(t, { 'logs-7': '[1,"x"]\n5\n{"a":1}\n' })
  const run = (props: Record<string, unknown>, until: number) =>
    live(new Folder(), {
      datasource: folder,
      props: { 'file.name.template': '{{topic}}-{{partition}}', ...props },
      state: new MemoryState(),
      until,
    })
  const rows = await run({ 'input.format': 'jsonl' }, 3)
  t.deepEqual(
    rows.tuples.map(({ message }) => message),
    [{ value: [1, 'x'] }, { value: 5 }, { a: 1 }],
  )
  t.like(rows.tuples[2]?.meta, {
    storageKey: 'logs-7',
    recordCount: 3,
    topic: 'logs',
    partition: 7,
  })
  const bytes = await run({}, 1)
  t.true(bytes.tuples[0]?.message instanceof Uint8Array)
  t.deepEqual(valuesOf([]), [])
})

test('E52: an object of 8 MiB comes whole and is streamed, not gathered', async (t) => {
  const row = `${JSON.stringify({ text: 'x'.repeat(1000) })}\n`
  const rows = Math.ceil((8 * 2 ** 20) / row.length)
  const folder = await folderWith(t, { big: row.repeat(rows) })
  let most = 0
  const { tuples } = await live(new Folder(), {
    datasource: folder,
    props: { 'input.format': 'jsonl', 'max.queue.bytes': 100_000 },
    state: new MemoryState(),
    until: rows,
    slow: async () => {
      most = Math.max(most, process.memoryUsage().arrayBuffers)
    },
  })
  t.is(tuples.length, rows)
  t.true(most < 64 * 2 ** 20)
})
