// @title more state than a checkpoint bears: huge values, a million keys, huge keys, counters without end
// @class memory
export default async ({ context }) => {
  const text = 'x'.repeat(1e6)
  const out = { puts: 0, refused: 0, why: '' }
  const put = (key, value) => {
    try {
      if (context.putState === undefined) context.state.set(key, value)
      else context.putState(key, value)
      out.puts++
    } catch (error) {
      out.refused++
      out.why = String(error?.code ?? error?.message).slice(0, 60)
    }
  }
  for (let i = 0; i < 300; i++) put(`big${i}`, text + i)
  for (let i = 0; i < 1e6; i++) put(`small${i}`, i)
  for (let i = 0; i < 50; i++) put(text.slice(0, 9e5) + i, i)
  put('deep', JSON.parse('['.repeat(5000) + ']'.repeat(5000)))
  return out
}
