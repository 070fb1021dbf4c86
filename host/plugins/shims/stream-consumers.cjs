const { Buffer } = globalThis

/** Everything that a stream or an async iterable gives. */
async function buffer(stream) {
  const parts = []
  for await (const part of stream) parts.push(typeof part === 'string' ? Buffer.from(part) : part)
  return Buffer.concat(parts)
}

async function text(stream) {
  return (await buffer(stream)).toString()
}

async function json(stream) {
  return JSON.parse(await text(stream))
}

async function arrayBuffer(stream) {
  const bytes = await buffer(stream)
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
}

module.exports = { buffer, text, json, arrayBuffer }
