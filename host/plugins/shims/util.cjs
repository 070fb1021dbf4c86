const util = require('npm:util')
const { isDeepStrictEqual } = require('./deep-equal.cjs')

const tagOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
).get
const starts = `[${String.fromCharCode(0x1b, 0x9b)}]`
const colors = new RegExp(`${starts}[[()#;?]*(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-ORZcf-nqry=><]`, 'g')

function kindOf(value) {
  return typeof value === 'object' && value !== null ? Reflect.apply(tagOf, value, []) : undefined
}

function isBoxed(value) {
  return (
    ['Number', 'String', 'Boolean', 'Symbol', 'BigInt'].includes(
      Object.prototype.toString.call(value).slice(8, -1),
    ) && typeof value === 'object'
  )
}

const types = {
  ...util.types,
  isUint8Array: (value) => kindOf(value) === 'Uint8Array',
  isTypedArray: (value) => kindOf(value) !== undefined,
  isArrayBufferView: (value) => ArrayBuffer.isView(value),
  isBoxedPrimitive: isBoxed,
  // Nobody can tell; what asks for it wants to show or to compare.
  isProxy: () => false,
  isExternal: () => false,
  isModuleNamespaceObject: () => false,
  isKeyObject: () => false,
  isCryptoKey: () => false,
}

function deprecate(call) {
  return call
}

function debuglog() {
  return Object.assign(() => {}, { enabled: false })
}

/** Settles when the signal is aborted; the resource is not watched. */
function aborted(signal) {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

module.exports = {
  ...util,
  types,
  deprecate,
  debuglog,
  debug: debuglog,
  aborted,
  isDeepStrictEqual,
  isArray: Array.isArray,
  inspect: Object.assign((...args) => util.inspect(...args), util.inspect, {
    custom: Symbol.for('nodejs.util.inspect.custom'),
  }),
  formatWithOptions: (_options, ...args) => util.format(...args),
  stripVTControlCharacters: (text) => String(text).replace(colors, ''),
  styleText: (_style, text) => String(text),
  toUSVString: (text) => String(text).toWellFormed(),
  TextEncoder,
  TextDecoder,
  getSystemErrorName: (number) => `error ${number}`,
}
