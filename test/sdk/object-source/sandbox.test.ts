import path from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import test from 'ava'
import { build } from 'esbuild'
import { bundleExtension } from '#host/plugins/bundle.ts'
import { readNote } from '#src/flow/frame-note.ts'
import { entryOf } from '#test/worker/bundle.ts'
import { framesOf, RuleThread } from '#test/worker/rule-thread.ts'
import { avroFile, parquetFile, people, text } from './formats.ts'
import { lines } from './rig.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const entry = await entryOf('sandboxed')

const plugin = `
import { AbstractSourceTask, ObjectRecordIterator, sourceConfig, taskSource } from '@plutino/sdk/object-source'
import { pureCodecs } from '@plutino/sdk/object-source/compression'
import { ParquetTransformer } from '@plutino/sdk/object-source/parquet'

class Bucket extends AbstractSourceTask {
  configure(props) {
    this.objects = Object.entries(props.objects)
    return sourceConfig(props)
  }
  getIterator() {
    const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
    const store = {
      list: () => this.objects,
      nativeKey: ([key]) => key,
      keyParts: ([key]) => ({ key }),
      parseNativeKey: (text) => text,
      async *open([, base64]) { yield bytesOf(base64) },
    }
    return new ObjectRecordIterator({
      store, config: this.config, context: this.context,
      codecs: pureCodecs, transformers: [new ParquetTransformer()],
    })
  }
  closeResources() {}
}
export const Src = taskSource(() => new Bucket())
`

/** As `plutino plugin pack` bundles, and the host at installation. */
async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: plugin, loader: 'ts', resolveDir: root },
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2024',
    logLevel: 'silent',
  })
  const packed = new Map([['plugin.js', Buffer.from(outputFiles[0]?.contents ?? [])]])
  return (await bundleExtension(packed, 'plugin.js')).text
}

const script = await bundled()
const cases = {
  jsonl: text(lines('a', 5)),
  gzip: gzipSync(lines('a', 5)),
  zstd: zstdCompressSync(lines('a', 5)),
  avro: await avroFile(people(5), undefined, 'deflate'),
  parquet: parquetFile(5),
  csv: text('id\n0\n1\n2\n3\n4\n'),
  json: text(JSON.stringify(people(5))),
}

for (const [kind, bytes] of Object.entries(cases)) {
  test(`${kind} is read in the sandbox, without a module of Node, and frames carry offsets`, async (t) => {
    const compression = kind === 'gzip' || kind === 'zstd' ? kind : 'none'
    const rule = new RuleThread({
      entry,
      tier: 'sandboxed',
      sql: 'SELECT * FROM demo',
      stream: 'CREATE STREAM demo () WITH (DATASOURCE="d", TYPE="src", FORMAT="json")',
      plugins: [
        {
          kind: 'source',
          name: 'src',
          text: script,
          props: {
            objects: { o: Buffer.from(bytes).toString('base64') },
            'input.format': compression === 'none' ? kind : 'jsonl',
            'file.compression.type': compression,
          },
        },
      ],
    })
    t.teardown(() => rule.end())
    await rule.open()
    const [call] = await rule.wait('write')
    const chunk = call?.args[2] as ArrayBuffer
    const frames = framesOf(chunk, call?.args[3] as number)
    const lines = frames.flatMap(({ payload }) => payload.toString().split('\n'))
    t.deepEqual(
      lines.map((line) => Number(JSON.parse(line).id)),
      [0, 1, 2, 3, 4],
    )
    const note = readNote(Buffer.from(chunk), new DataView(chunk), frames.at(-1)?.at ?? 0)
    t.like(note?.offset as object, { v: 1, partial: [[{ key: 'o' }, { recordCount: 5 }]] })
  })
}
