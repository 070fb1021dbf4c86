import test from 'ava'
import { readArchive } from '#host/plugins/archive.ts'
import { accepts, good, named, plus, shaped } from '#test/fixtures/archives.ts'
import { writeZip, zipOf } from '#test/fixtures/zip.ts'

const both = ['index.js', 'package.json']
test('an ordinary zip gives its files', accepts, () => writeZip(good), both)
test(
  'a zip without compression gives its files',
  accepts,
  () => writeZip(good.map((p) => ({ ...p, deflated: false }))),
  both,
)
test(
  'a zip from Windows gives its files',
  accepts,
  () => writeZip(good.map((p) => ({ ...p, system: 0, mode: 0 }))),
  both,
)
test('a zip with a comment gives its files', accepts, () => shaped({ comment: 'by hand' }), both)
test('a name outside ASCII is kept', accepts, () => named('données/été.json'), [
  ...both,
  'données/été.json',
])
test(
  'folders of their own entries are no files',
  accepts,
  () => plus({ name: 'lib/', deflated: false, mode: 0o040755 }),
  both,
)
test(
  'one top folder around everything is left out',
  accepts,
  () =>
    writeZip([
      { name: 'acme/', deflated: false, mode: 0o040755 },
      ...good.map((part) => ({ ...part, name: `acme/${part.name}` })),
    ]),
  both,
)
test('two top folders stay', accepts, () => zipOf({ 'a/x.js': '', 'b/x.js': '' }), [
  'a/x.js',
  'b/x.js',
])

test('files come out as they went in', (t) => {
  const data = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * i) % 251))
  const files = readArchive(zipOf({ 'package.json': '{}', 'data.bin': data }))
  t.deepEqual(files.get('data.bin'), data)
})

test('sizes behind the data (a stream wrote the zip) are read', (t) => {
  const [part] = good
  if (part === undefined) return t.fail()
  const honest = writeZip([part])
  const bytes = honest.readUInt32LE(18)
  const descriptor = Buffer.alloc(16)
  descriptor.writeUInt32LE(0x08074b50, 0)
  honest.copy(descriptor, 4, 14, 26)
  const zip = writeZip([
    {
      ...part,
      flags: 0x808,
      local: { crc: 0, packedBytes: 0, bytes: 0 },
      body: Buffer.concat([honest.subarray(42, 42 + bytes), descriptor]),
      central: { packedBytes: bytes },
    },
  ])
  t.is(readArchive(zip).get('package.json')?.toString(), '{}')
})
