const { ReadableStream, WritableStream, TransformStream } = globalThis
const { ByteLengthQueuingStrategy, CountQueuingStrategy } = globalThis

module.exports = {
  ReadableStream,
  WritableStream,
  TransformStream,
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
}
