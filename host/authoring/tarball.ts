import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const BLOCK = 512
/** Every tarball of the same files is the same. */
const MODE = '0000644'

/** A tarball as npm takes it: all files below `package/`. */
export async function tarballOf(files: ReadonlyMap<string, string | Uint8Array>): Promise<Buffer> {
  const blocks: Buffer[] = []
  for (const name of [...files.keys()].sort()) {
    const content = Buffer.from(files.get(name) ?? '')
    blocks.push(header(`package/${name}`, content.length), content)
    blocks.push(Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK))
  }
  blocks.push(Buffer.alloc(2 * BLOCK))
  return promisify(gzip)(Buffer.concat(blocks), { level: 9 })
}

/** A ustar header. */
function header(name: string, bytes: number): Buffer {
  if (name.length > 100) throw new RangeError(`"${name}" is too long a name for a tarball`)
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0)
  block.write(MODE, 100)
  block.write(octal(bytes, 11), 124)
  block.write(octal(0, 11), 136)
  block.write('        ', 148)
  block.write('0', 156)
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148)
  return block
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}
