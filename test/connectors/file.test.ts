import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import test from 'ava'
import { FileSink } from '#host/cell/connectors/file/sink.ts'
import { FileSource } from '#host/cell/connectors/file/source.ts'
import { connectorContext, payloadChunk } from '#test/fixtures/connector.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { RecordingWriter } from '#test/fixtures/recording-writer.ts'

interface Reading {
  readonly path: string
  readonly name: string
  readonly props?: object
  readonly writer?: RecordingWriter
  readonly offset?: unknown
}

/** Reads to the end, or to the failure. */
async function read({ path, name, props = {}, writer = new RecordingWriter(), offset }: Reading) {
  const source = new FileSource()
  source.configure(name, { path, fileType: 'lines', ...props })
  if (offset !== undefined) source.rewind(offset)
  const failure = await new Promise<string | undefined>((resolve, reject) => {
    const end = { done: () => resolve(undefined), failed: (error: Error) => resolve(error.message) }
    source.open(connectorContext().context, writer, end).catch(reject)
  })
  await source.close()
  return { texts: writer.texts, tuples: writer.tuples, failure }
}

test('lines are one tuple each, the last one also without a line break', async (t) => {
  const path = makeFolder(t, { 'a.txt': '{"n":1}\n\r\n{"n":2}\r\n{"n":3}' })
  t.deepEqual((await read({ path, name: 'a.txt' })).texts, ['{"n":1}', '{"n":2}', '{"n":3}'])
})

test('a line longer than any read comes whole', async (t) => {
  const long = 'x'.repeat(1_000_000)
  const path = makeFolder(t, { 'a.txt': `${long}\nshort\n` })
  t.deepEqual((await read({ path, name: 'a.txt' })).texts, [long, 'short'])
})

test('a json file gives a row per element', async (t) => {
  const path = makeFolder(t, { 'a.json': '[{"n":1}, {"n":2}]', 'b.json': '{"n":3}' })
  const props = { fileType: 'json' }
  t.deepEqual((await read({ path, name: 'a.json', props })).texts, ['{"n":1}', '{"n":2}'])
  t.deepEqual((await read({ path, name: 'b.json', props })).texts, ['{"n":3}'])
})

test('a file that is not JSON ends the source with its name and the way out', async (t) => {
  const path = makeFolder(t, { 'a.json': '{"n":1}\n{"n":2}\n' })
  const { failure } = await read({ path, name: 'a.json', props: { fileType: 'json' } })
  t.regex(
    failure ?? '',
    /^source "file" of stream "demo": file ".*a\.json" is not JSON: .*; for a JSON document per line set fileType to lines$/,
  )
})

test('a csv header names the columns, and quotes hold delimiters and line breaks', async (t) => {
  const path = makeFolder(t, { 'a.csv': 'id,name\n1,"Smith, ""Jo"""\n2,"two\nlines"\n' })
  const { texts } = await read({ path, name: 'a.csv', props: { fileType: 'csv', hasHeader: true } })
  t.deepEqual(
    texts.map((text) => JSON.parse(text)),
    [
      { id: '1', name: 'Smith, "Jo"' },
      { id: '2', name: 'two\nlines' },
    ],
  )
})

test('lines at start and end are left out', async (t) => {
  const path = makeFolder(t, { 'a.txt': 'head\nhead\n1\n2\n3\ntail\n' })
  const props = { ignoreStartLines: 2, ignoreEndLines: 1 }
  t.deepEqual((await read({ path, name: 'a.txt', props })).texts, ['1', '2', '3'])
})

test('gzip and zstd files are unpacked on the way', async (t) => {
  const path = makeFolder(t)
  writeFileSync(join(path, 'a.gz'), gzipSync('1\n2\n'))
  writeFileSync(join(path, 'a.zst'), zstdCompressSync('3\n4\n'))
  t.deepEqual((await read({ path, name: 'a.gz', props: { decompression: 'gzip' } })).texts, [
    '1',
    '2',
  ])
  t.deepEqual((await read({ path, name: 'a.zst', props: { decompression: 'zstd' } })).texts, [
    '3',
    '4',
  ])
})

test('the files of a folder come in the order of their names', async (t) => {
  const path = makeFolder(t, { 'in/b.txt': '3\n', 'in/a.txt': '1\n2\n' })
  const { tuples } = await read({ path, name: 'in' })
  t.deepEqual(
    tuples.map(({ text }) => text),
    ['1', '2', '3'],
  )
  t.deepEqual(
    tuples.map(({ meta }) => meta.file),
    [join(path, 'in/a.txt'), join(path, 'in/a.txt'), join(path, 'in/b.txt')],
  )
})

test('a reading goes on behind any tuple, with a header and over files', async (t) => {
  const path = makeFolder(t, { 'in/a.csv': 'id\n1\n2\n3\n', 'in/b.csv': 'id\n4\n5\n' })
  const props = { fileType: 'csv', hasHeader: true }
  const { tuples } = await read({ path, name: 'in', props })
  const texts = tuples.map(({ text }) => text)
  t.is(texts.length, 5)
  for (const [i, { extra }] of tuples.entries()) {
    const rest = await read({ path, name: 'in', props, offset: extra.offset })
    t.deepEqual(rest.texts, texts.slice(i + 1))
  }
})

test('a full buffer stops the reading until there is room, and nothing is lost', async (t) => {
  const sent = Array.from({ length: 300 }, (_, i) => String(i))
  const path = makeFolder(t, { 'a.txt': sent.join('\n') })
  const writer = new RecordingWriter(10)
  const reading = read({ path, name: 'a.txt', writer })
  while (writer.tuples.length < 300) {
    await writer.has(writer.capacity)
    writer.makeRoom(10)
  }
  t.deepEqual((await reading).texts, sent)
})

test('a file that is not there refuses to open, naming it', async (t) => {
  const source = new FileSource()
  source.configure('nowhere.txt', { path: makeFolder(t) })
  const nowhere = { done: () => {}, failed: () => {} }
  const error = await t.throwsAsync(
    source.open(connectorContext().context, new RecordingWriter(), nowhere),
  )
  t.regex(
    error?.message ?? '',
    /^source "file" of stream "demo": ENOENT: .*nowhere\.txt'; property "path" and DATASOURCE name the file$/,
  )
})

async function openSink(
  path: string,
  change: Parameters<typeof connectorContext>[0] = {},
  props: object = {},
) {
  const sink = new FileSink()
  sink.configure({ path, ...props })
  await sink.open(connectorContext(change).context)
  return sink
}

test('a sink appends a line per payload', async (t) => {
  const path = join(makeFolder(t), 'new/rows.txt')
  const sink = await openSink(path)
  await sink.collect(payloadChunk(['{"n":1}', '{"n":2}']))
  await sink.collect(payloadChunk(['{"n":3}'], 3))
  await sink.close()
  t.is(readFileSync(path, 'utf8'), '{"n":1}\n{"n":2}\n{"n":3}\n')
})

test('at qos 1 payloads that come again after a restart are not written again', async (t) => {
  const path = join(makeFolder(t), 'rows.txt')
  const first = await openSink(path, { qos: 1 })
  await first.collect(payloadChunk(['1', '2', '3'], 1))
  await first.close()
  const second = await openSink(path, { qos: 1 })
  await second.collect(payloadChunk(['2', '3', '4'], 2, 2))
  await second.close()
  t.is(readFileSync(path, 'utf8'), '1\n2\n3\n4\n')
})

test('at qos 1 what was written and not noted is cut off', async (t) => {
  const path = join(makeFolder(t), 'rows.txt')
  const first = await openSink(path, { qos: 1 })
  await first.collect(payloadChunk(['1'], 1))
  await first.close()
  writeFileSync(path, 'half a li', { flag: 'a' })
  const second = await openSink(path, { qos: 1 })
  await second.collect(payloadChunk(['2'], 2, 2))
  await second.close()
  t.is(readFileSync(path, 'utf8'), '1\n2\n')
})

test('at qos 1 what was written before anything was noted is cut off, and no more than that', async (t) => {
  const path = join(makeFolder(t, { 'rows.txt': 'of others\n' }), 'rows.txt')
  await (await openSink(path, { qos: 1 })).close()
  writeFileSync(path, '1\n', { flag: 'a' })
  const second = await openSink(path, { qos: 1 })
  await second.collect(payloadChunk(['1', '2'], 1, 2))
  await second.close()
  t.is(readFileSync(path, 'utf8'), 'of others\n1\n2\n')
})

test('at qos 1 rows of a file that was put aside do not come again', async (t) => {
  const path = join(makeFolder(t), 'rows.txt')
  const first = await openSink(path, { qos: 1 })
  await first.collect(payloadChunk(['1', '2'], 1))
  await first.close()
  // Put aside by a host that was killed before it could note that.
  renameSync(path, `${path}-1234`)
  const second = await openSink(path, { qos: 1 })
  await second.collect(payloadChunk(['1', '2', '3'], 1, 2))
  await second.close()
  t.is(readFileSync(path, 'utf8'), '3\n')
})

test('a rule made anew numbers from the start and is not taken for the old one', async (t) => {
  const path = join(makeFolder(t), 'rows.txt')
  const first = await openSink(path, { qos: 1, generation: 'g1' })
  await first.collect(payloadChunk(['old'], 1))
  await first.close()
  const second = await openSink(path, { qos: 1, generation: 'g2' })
  await second.collect(payloadChunk(['new'], 1))
  await second.close()
  t.is(readFileSync(path, 'utf8'), 'old\nnew\n')
})

test('a full file is put aside under a name with the time', async (t) => {
  const path = join(makeFolder(t), 'rows.txt')
  const sink = await openSink(path, { clock: { now: () => 1234 } }, { rollingCount: 2 })
  await sink.collect(payloadChunk(['1', '2']))
  await sink.collect(payloadChunk(['3'], 3))
  await sink.close()
  t.is(readFileSync(path.replace('rows', 'rows-1234'), 'utf8'), '1\n2\n')
  t.is(readFileSync(path, 'utf8'), '3\n')
})
