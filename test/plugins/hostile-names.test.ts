import test from 'ava'
import { accepts, named, plus, refuses } from '#test/fixtures/archives.ts'

const leaves = 'its name leaves its folder'
const names: readonly [string, string, string, string?][] = [
  ['.. in front', '../hostile.txt', leaves],
  ['.. in the middle', 'a/b/../../../hostile.txt', leaves],
  ['nothing but ..', '..', leaves],
  ['nothing but .', '.', leaves],
  ['an empty part', 'a//b.txt', leaves],
  ['a backslash', '..\\..\\hostile.txt', 'its name holds a backslash'],
  ['both slashes', 'lib/..\\../hostile.txt', 'its name holds a backslash'],
  ['a share of Windows', '\\\\server\\share\\x', 'its name holds a backslash'],
  ['a slash in front', '/hostile.txt', 'its name is absolute'],
  ['two slashes in front', '//hostile.txt', 'its name is absolute'],
  ['a drive', 'C:/hostile.txt', 'its name holds a colon (a drive or a stream)'],
  ['a stream of NTFS', 'index.js:hidden', 'its name holds a colon (a drive or a stream)'],
  ['NUL', 'a.txt\0.js', 'its name holds a control character'],
  ['a terminal escape', '\u001b[2Ja.txt', 'its name holds a control character'],
  ['a line break', 'a\nlevel=error', 'its name holds a control character'],
  ['text turned around', 'index\u202esj.txt', 'its name holds a control character'],
  ['a dot at the end', 'package.json.', 'a part of its name ends in a dot or space'],
  ['a space at the end', 'lib /x', 'a part of its name ends in a dot or space'],
  ['a device of Windows', 'aux.txt', '"aux.txt" is the name of a device'],
  ['241 characters', 'a'.repeat(241), 'its name is longer than 240 characters', 'a'.repeat(80)],
  ['21 folders', `${'d/'.repeat(20)}x`, 'it is more than 20 folders deep'],
]
for (const [what, name, why, shown = name] of names) {
  test(
    `a name is refused: ${what}`,
    refuses,
    () => named(name),
    `the archive holds an entry ${JSON.stringify(shown)} that is refused: ${why}`,
  )
}
test(
  'a name is refused: none at all',
  refuses,
  () => named(''),
  'the archive holds an entry "" that is refused: its name is empty',
)
test(
  'a name is refused: no UTF-8',
  refuses,
  () => named(Buffer.from([0xc3, 0x28, 0xff])),
  'the archive holds an entry "\ufffd(\ufffd" that is refused: its name is not UTF-8',
)
test(
  'the longest and the deepest name are accepted',
  accepts,
  () => plus({ name: 'a'.repeat(240) }, { name: `${'d/'.repeat(19)}x` }),
  ['package.json', 'index.js', 'a'.repeat(240), `${'d/'.repeat(19)}x`],
)

const disagree = 'the archive holds an entry "ok.txt" whose header and directory disagree'
test(
  'another name in the local header is refused',
  refuses,
  () => plus({ name: 'ok.txt', data: 'x', local: { name: '../hostile.txt' } }),
  disagree,
)
test(
  'another name in the directory is refused',
  refuses,
  () => plus({ name: 'ok.txt', data: 'x', central: { name: '../hostile.txt' } }),
  'the archive holds an entry "../hostile.txt" that is refused: its name leaves its folder',
)
test(
  'another size in the local header is refused',
  refuses,
  () => plus({ name: 'ok.txt', data: 'x', local: { bytes: 7 } }),
  disagree,
)
test(
  'another method in the local header is refused',
  refuses,
  () => plus({ name: 'ok.txt', data: 'x', local: { method: 0 } }),
  disagree,
)
test(
  'another checksum in the local header is refused',
  refuses,
  () => plus({ name: 'ok.txt', data: 'x', local: { crc: 7 } }),
  disagree,
)
test(
  'a second name in a field of Info-ZIP is refused',
  refuses,
  () => plus({ name: 'ok.txt', data: 'x', extra: unicodePath('../hostile.txt') }),
  'the archive holds an entry "ok.txt" with a second name',
)

const special = 'the archive holds an entry "x" that is a link or a device'
for (const [what, mode] of [
  ['a link', 0o120777],
  ['a character device', 0o020666],
  ['a block device', 0o060666],
  ['a pipe', 0o010644],
  ['a socket', 0o140644],
  ['a folder as a file', 0o040755],
] as const) {
  test(
    `no plain file is refused: ${what}`,
    refuses,
    () => plus({ name: 'x', data: '/etc/passwd', mode }),
    special,
  )
}
test(
  'a file as a folder is refused',
  refuses,
  () => plus({ name: 'x/', mode: 0o100644 }),
  'the archive holds an entry "x/" that is a link or a device',
)
for (const [what, mode] of [
  ['set-user-id', 0o104755],
  ['set-group-id', 0o102755],
  ['sticky', 0o101755],
] as const) {
  test(
    `bits are refused: ${what}`,
    refuses,
    () => plus({ name: 'run.sh', data: 'x', mode }),
    'the archive holds an entry "run.sh" with set-user-id bits',
  )
}

const one = (a: string, b: string) =>
  `the archive holds "${a}" and "${b}", which some file systems take for one`
test(
  'the same name twice is refused',
  refuses,
  () => named('index.js'),
  one('index.js', 'index.js'),
)
test(
  'a second manifest is refused',
  refuses,
  () => named('package.json'),
  one('package.json', 'package.json'),
)
test(
  'names that differ in case are refused',
  refuses,
  () => named('INDEX.js'),
  one('INDEX.js', 'index.js'),
)
test(
  'names that differ in their Unicode form are refused',
  refuses,
  () => plus({ name: 'caf\u00e9' }, { name: 'cafe\u0301' }),
  one('cafe\u0301', 'caf\u00e9'),
)
test(
  'a file that is also a folder is refused',
  refuses,
  () => plus({ name: 'lib', data: 'x' }, { name: 'lib/a.js', data: 'x' }),
  'the archive holds "lib" both as a file and as a folder',
)

function unicodePath(name: string): Buffer {
  const head = Buffer.alloc(9)
  head.writeUInt16LE(0x7075, 0)
  head.writeUInt16LE(5 + name.length, 2)
  head.writeUInt8(1, 4)
  return Buffer.concat([head, Buffer.from(name)])
}
