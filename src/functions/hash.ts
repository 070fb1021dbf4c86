import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { RowDeclaration } from './declaration.ts'
import { anything, STRING } from './signature.ts'
import { toBytes } from './values.ts'

function digest(name: string, gives: string): RowDeclaration {
  return {
    kind: 'row',
    family: 'hash',
    name,
    parameters: [anything('value')],
    returns: STRING,
    guard: 'null',
    doc: `The ${name.toUpperCase()} digest of the text or bytes, in hexadecimal digits.`,
    examples: [{ sql: `${name}(s)`, row: { s: 'a' }, gives }],
    make: () => (value: unknown) => createHash(name).update(toBytes(value)).digest('hex'),
  }
}

export const hashFunctions: readonly RowDeclaration[] = [
  digest('md5', '0cc175b9c0f1b6a831c399e269772661'),
  digest('sha1', '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8'),
  digest('sha256', 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'),
  digest(
    'sha384',
    '54a59b9f22b0b80880d8427e548b7c23abd873486e1f035dce9cd697e85175033caa88e6d57bc35efae0b5afd3145f31',
  ),
  digest(
    'sha512',
    '1f40fc92da241694750979ee6cf582f2d5d7d28e18335de05abc54d0560e0f5302860c652bf08d560252aa5e74210546f369fbbbce8c12cfc7957b2652fe9a75',
  ),
  {
    kind: 'row',
    family: 'hash',
    name: 'crc32',
    parameters: [anything('value')],
    returns: STRING,
    guard: 'null',
    doc: 'The CRC-32 check sum of the text or bytes, in hexadecimal digits without leading zeros.',
    examples: [{ sql: 'crc32(s)', row: { s: 'a' }, gives: 'e8b7be43' }],
    make: () => (value: unknown) => crc32(toBytes(value)).toString(16),
  },
]
