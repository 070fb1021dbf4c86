/* Names are looked up by the host, when a connection is opened. */
const address = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f:.]*:[\da-f:.]*)$/i

function denied(name) {
  const text = `a sandboxed plugin looks up no names: "${name}"; connect by name`
  return Object.assign(new Error(text), { code: 'ERR_PLUGIN_DENIED' })
}

function found(name) {
  return { address: name, family: name.includes(':') ? 6 : 4 }
}

function lookup(name, options, callback) {
  const done = typeof options === 'function' ? options : callback
  const all = typeof options === 'object' && options?.all === true
  queueMicrotask(() => {
    if (!address.test(name)) done(denied(name))
    else if (all) done(null, [found(name)])
    else done(null, found(name).address, found(name).family)
  })
}

function refuse(name, ...rest) {
  const done = rest.at(-1)
  queueMicrotask(() => done(denied(name)))
}

async function refused(name) {
  throw denied(name)
}

const kinds = [
  'resolve',
  'resolve4',
  'resolve6',
  'resolveSrv',
  'resolveTxt',
  'resolveMx',
  'reverse',
]
const promises = {
  async lookup(name, options) {
    if (!address.test(name)) throw denied(name)
    return options?.all === true ? [found(name)] : found(name)
  },
  ...Object.fromEntries(kinds.map((kind) => [kind, refused])),
}

module.exports = {
  lookup,
  ...Object.fromEntries(kinds.map((kind) => [kind, refuse])),
  promises,
  ADDRCONFIG: 1024,
  ALL: 256,
  V4MAPPED: 2048,
  NOTFOUND: 'ENOTFOUND',
}
