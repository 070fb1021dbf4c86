// @title native work on the largest text that may be made: normalizing, comparing, segmenting, converting
// @class cpu
export default async () => {
  const out = {}
  const text = '\u0344\u0390\ufdfa'.repeat(2 ** 22)
  const digits = '9'.repeat(2 ** 20)
  const runs = {
    normalize: () => text.normalize('NFKD').length,
    compare: () => text.localeCompare(`${text}a`, 'de', { sensitivity: 'base' }),
    upper: () => text.toLocaleUpperCase('tr').length,
    segment: () =>
      [...new Intl.Segmenter('th', { granularity: 'word' }).segment(text.slice(0, 1e6))].length,
    number: () => String(BigInt(digits) ** 3n).length,
    collate: () =>
      Array.from({ length: 2e4 }, (_, i) => `${i}${text.slice(0, 50)}`).sort(
        new Intl.Collator('de').compare,
      ).length,
    decode: () => decodeURIComponent(encodeURIComponent(text.slice(0, 2e6))).length,
    parse: () => JSON.parse(`[${'1,'.repeat(3e6)}1]`).length,
  }
  for (const [name, run] of Object.entries(runs)) {
    const from = Date.now()
    try {
      run()
      out[name] = Date.now() - from
    } catch (error) {
      out[name] = `E:${String(error?.message).slice(0, 60)} ${Date.now() - from}`
    }
  }
  return out
}
