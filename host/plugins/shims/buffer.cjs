/* Buffer is a global of the compartment: nothing of it is bundled. */
const { Buffer } = globalThis
const MAX_LENGTH = 64 * 2 ** 20
const MAX_STRING_LENGTH = 2 ** 29 - 24

module.exports = {
  Buffer,
  SlowBuffer: Buffer,
  kMaxLength: MAX_LENGTH,
  kStringMaxLength: MAX_STRING_LENGTH,
  constants: { MAX_LENGTH, MAX_STRING_LENGTH },
  INSPECT_MAX_BYTES: 50,
  atob,
  btoa,
  isAscii: (bytes) => Buffer.from(bytes).every((byte) => byte < 128),
  isUtf8(bytes) {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes)
      return true
    } catch {
      return false
    }
  },
}
