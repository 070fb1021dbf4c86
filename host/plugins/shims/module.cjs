function denied(specifier) {
  const error = new Error(`a sandboxed plugin loads nothing while it runs: "${specifier}"`)
  return Object.assign(error, { code: 'ERR_PLUGIN_DENIED' })
}

function createRequire() {
  const require = (specifier) => {
    throw denied(specifier)
  }
  require.resolve = require
  require.cache = {}
  return require
}

module.exports = { createRequire, builtinModules: [], isBuiltin: () => false }
