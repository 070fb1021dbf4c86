// @title compression of texts that are made for its worst case: one native call that lasts for minutes
// @class cpu
import zlib from 'node:zlib'
export default async () => {
  // Every position has thousands of candidates in the window, which all match nearly as long as a match may be.
  const unit = 'a'.repeat(254)
  let text = ''
  let seed = 1
  while (text.length < 3e7) {
    seed = (seed * 1103515245 + 12345) % 2147483648
    text += unit + String.fromCharCode(98 + (seed % 24))
  }
  const bytes = Buffer.from(text)
  const out = {}
  const runs = {
    gzip: () => zlib.gzipSync(bytes, { level: 9, memLevel: 9, windowBits: 15 }),
    deflate: () => zlib.deflateRawSync(bytes, { level: 9, memLevel: 1, windowBits: 15 }),
    brotli: () => zlib.brotliCompressSync(bytes),
    zstd: () =>
      zlib.zstdCompressSync(bytes, { params: { [zlib.constants.ZSTD_c_compressionLevel]: 22 } }),
  }
  for (const [name, run] of Object.entries(runs)) {
    const from = Date.now()
    try {
      run()
    } catch (error) {
      out[`${name}Error`] = String(error?.code ?? error?.message).slice(0, 80)
    }
    out[name] = Date.now() - from
  }
  return out
}
