import test from 'ava'
import { good, plus, refuses, shaped } from '#test/fixtures/archives.ts'
import { writeZip, type ZipPart, zipOf } from '#test/fixtures/zip.ts'

test(
  '200 MB of zeros in one entry are refused',
  refuses,
  () => plus({ name: 'big', data: Buffer.alloc(200e6) }),
  'the archive holds an entry "big" that unpacks to 200 times its size',
)
test(
  '100 entries of 1 MB are refused',
  refuses,
  () =>
    plus(...Array.from({ length: 100 }, (_, i) => ({ name: `big${i}`, data: Buffer.alloc(1e6) }))),
  'the archive unpacks to more than 62914560 bytes',
)
test(
  'an entry that unpacks to 200 times its size is refused',
  refuses,
  () => plus({ name: 'big', data: Buffer.alloc(30e6) }),
  'the archive holds an entry "big" that unpacks to 200 times its size',
)
test(
  'a bomb that says 10 bytes is refused',
  refuses,
  () =>
    plus({ name: 'big', data: Buffer.alloc(50e6), local: { bytes: 10 }, central: { bytes: 10 } }),
  'the archive holds an entry "big" whose data is damaged or larger than it says',
)
test(
  'an entry that is smaller than it says is refused',
  refuses,
  () => plus({ name: 'x', data: 'abc', local: { bytes: 4 }, central: { bytes: 4 } }),
  'the archive holds an entry "x" whose length or checksum is wrong',
)
test(
  'entries that share their bytes are refused',
  refuses,
  () => {
    const shared: ZipPart = { name: 'f0', data: Buffer.alloc(1000) }
    const more = Array.from({ length: 2000 }, (_, i) => ({
      ...shared,
      name: `f${i + 1}`,
      sharedWith: 2,
    }))
    return plus(shared, ...more)
  },
  'the archive holds an entry "f1" that is not where its directory says',
)
test(
  'an archive in the archive is refused',
  refuses,
  () => plus({ name: 'inner.dat', data: zipOf({ x: 'y' }) }),
  'the archive holds another archive, "inner.dat"; put its files in as they are',
)
test(
  '3001 entries are refused',
  refuses,
  () => writeZip(Array.from({ length: 3001 }, (_, i) => ({ name: `f${i}`, deflated: false }))),
  'the archive holds 3001 entries; 3000 are allowed',
)
test(
  'more than 20 MB of archive are refused',
  refuses,
  () => plus({ name: 'noise', deflated: false, data: Buffer.alloc(21 << 20, 1) }),
  'the archive has 22020415 bytes; 20971520 are allowed',
  'too-large',
)
test(
  '60,000 entries in a directory of megabytes are refused',
  refuses,
  () =>
    writeZip(
      Array.from({ length: 60_000 }, (_, i) => ({
        name: `${'n'.repeat(200)}${i}`,
        deflated: false,
        sharedWith: i === 0 ? undefined : 0,
      })),
    ),
  'the archive holds 60000 entries; 3000 are allowed',
)

const split = 'the archive is split or uses zip64, which no plugin needs'
test('a count that stands for zip64 is refused', refuses, () => shaped({ count: 0xffff }), split)
test(
  'an offset that stands for zip64 is refused',
  refuses,
  () => shaped({ offset: 0xffffffff }),
  split,
)
test(
  'a zip64 end record that promises 4 billion entries is refused',
  refuses,
  () => shaped({ count: 0xffff, size: 0xffffffff, offset: 0xffffffff, beforeEnd: zip64End() }),
  split,
)
test(
  'a zip64 end record beside a plain one is refused',
  refuses,
  () => shaped({ beforeEnd: zip64End() }),
  'the archive has bytes between its directory and its end',
)
test(
  'more entries than there are are refused',
  refuses,
  () => shaped({ count: 3 }),
  'the archive has a broken directory',
)
test(
  'fewer entries than there are are refused',
  refuses,
  () => shaped({ count: 1 }),
  'the archive has a directory whose length is not what it says',
)
test(
  'a directory elsewhere is refused',
  refuses,
  () => shaped({ offset: 5 }),
  'the archive has bytes between its directory and its end',
)
test(
  'an entry beyond the end is refused',
  refuses,
  () => plus({ name: 'ok.txt', central: { offset: 0x7fffffff } }),
  'the archive holds an entry "ok.txt" that is not where its directory says',
)
test(
  'an entry that runs into the directory is refused',
  refuses,
  () =>
    plus({
      name: 'ok.txt',
      data: 'x',
      local: { packedBytes: 5000 },
      central: { packedBytes: 5000 },
    }),
  'the archive holds an entry "ok.txt" that runs into the directory',
)
test(
  'bytes in front of the archive are refused',
  refuses,
  () => shaped({ prefix: '#!/bin/sh\n' }),
  'the archive holds an entry "package.json" that is not where its directory says',
)
test(
  'bytes behind the archive are refused',
  refuses,
  () => shaped({ suffix: 'more' }),
  'the archive has bytes behind its end',
)
test(
  'a second archive in the comment is refused',
  refuses,
  () => shaped({ comment: zipOf({ 'package.json': '{"name":"other"}' }) }),
  'the archive has two end records',
)
test(
  'an encrypted entry is refused',
  refuses,
  () => plus({ name: 'ok.txt', data: 'x', flags: 0x801 }),
  'the archive holds an encrypted entry "ok.txt"',
)
test(
  'an unknown compression is refused',
  refuses,
  () => plus({ name: 'ok.txt', local: { method: 99 }, central: { method: 99 } }),
  'the archive holds an entry "ok.txt" compressed in a way that is not known (99)',
)
test(
  'a wrong checksum is refused',
  refuses,
  () => plus({ name: 'ok.txt', data: 'abc', local: { crc: 1 }, central: { crc: 1 } }),
  'the archive holds an entry "ok.txt" whose length or checksum is wrong',
)
test(
  'damaged data is refused',
  refuses,
  () => plus({ name: 'ok.txt', data: 'abc', body: Buffer.from([255, 255, 255, 255]) }),
  'the archive holds an entry "ok.txt" whose data is damaged or larger than it says',
)
test(
  'half a zip is refused',
  refuses,
  () => writeZip(good).subarray(0, 100),
  'the archive is cut off: its end is missing',
)
test(
  'a zip without its last byte is refused',
  refuses,
  () => shaped({ comment: 'abc' }).subarray(0, -1),
  'the archive is cut off: its end is missing',
)
test(
  'a text is refused',
  refuses,
  () => Buffer.from('hello, this is no zip at all\n'),
  'the file is not a zip archive',
  'not-a-zip',
)
test(
  'no bytes at all are refused',
  refuses,
  () => Buffer.alloc(0),
  'the file is not a zip archive',
  'not-a-zip',
)
test('an archive without entries is refused', refuses, () => writeZip([]), 'the archive is empty')

const compiled = (name: string) =>
  `the archive holds compiled code in "${name}", which no sandboxed plugin can run`
for (const [what, magic] of [
  ['ELF', '7f454c46'],
  ['PE', '4d5a9000'],
  ['Mach-O', 'cffaedfe'],
  ['fat Mach-O', 'cafebabe'],
] as const) {
  test(
    `compiled code is refused under any name: ${what}`,
    refuses,
    () => plus({ name: 'logo.png', data: Buffer.from(`${magic}0201010000000000`, 'hex') }),
    compiled('logo.png'),
  )
}
test(
  "Kuiper's own plugins are refused by what they are",
  refuses,
  () => plus({ name: 'Mysql@v1.0.0.so', data: Buffer.from('7f454c460201', 'hex') }),
  '"Mysql@v1.0.0.so" is a Go plugin for Kuiper, which only the Go server that it was built for can load; docs/coming-from-kuiper.md says how to port it',
  'bad-manifest',
)
test(
  'an addon is refused by its name',
  refuses,
  () => plus({ name: 'build/x.node', data: 'anything' }),
  compiled('build/x.node'),
)

function zip64End(): Buffer {
  const end = Buffer.alloc(76)
  end.writeUInt32LE(0x06064b50, 0)
  end.writeBigUInt64LE(44n, 4)
  end.writeBigUInt64LE(4_000_000_000n, 24)
  end.writeBigUInt64LE(4_000_000_000n, 32)
  end.writeUInt32LE(0x07064b50, 56)
  return end
}
