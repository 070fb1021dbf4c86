import { InstallError } from './errors.ts'

const NAMES = /\.(node|dll|dylib|so(\.\d+)*)$/i
const MACH_O = new Set([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe, 0xbebafeca])

/**
 * No sandboxed plugin can run machine code, so none is let in, by name or by content.
 *
 * @throws InstallError `bad-manifest` for what was made for Kuiper, else `bad-archive`
 */
export function refuseCompiledCode(files: ReadonlyMap<string, Buffer>): void {
  const library = [...files.keys()].find((name) => name.endsWith('.so'))
  if (library !== undefined) {
    throw new InstallError(
      'bad-manifest',
      `"${library}" is a Go plugin for Kuiper, which only the Go server that it was built for can load; docs/coming-from-kuiper.md says how to port it`,
    )
  }
  for (const [name, bytes] of files) {
    if (!NAMES.test(name) && !isMachineCode(bytes)) continue
    throw new InstallError(
      'bad-archive',
      `the archive holds compiled code in "${name}", which no sandboxed plugin can run`,
    )
  }
}

/** ELF, PE, Mach-O in both byte orders, fat and thin, by their magic numbers. */
function isMachineCode(bytes: Buffer): boolean {
  if (bytes.length < 4) return false
  const magic = bytes.readUInt32BE(0)
  return magic === 0x7f454c46 || magic >>> 16 === 0x4d5a || MACH_O.has(magic)
}
