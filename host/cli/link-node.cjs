// After npm ci: puts the pinned Node 26 first on the PATH of npm's scripts. npm 11 makes this link itself; npm 9 and 10 lose
// it, because five packages for five platforms claim the same name. Runs on any Node.
const { existsSync, mkdirSync, symlinkSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { pinnedNode } = require('./pinned-node.cjs')

const bin = path.join(__dirname, '../../node_modules/.bin')
const node = pinnedNode()
const isWindows = process.platform === 'win32'
const link = path.join(bin, isWindows ? 'node.cmd' : 'node')

if (node !== undefined && !existsSync(link)) {
  mkdirSync(bin, { recursive: true })
  if (isWindows) writeFileSync(link, `@"${node}" %*\r\n`)
  else symlinkSync(path.relative(bin, node), link)
}
