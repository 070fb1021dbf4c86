#!/usr/bin/env node
// Runs on whatever Node started it, and hands over to Node 26: the one that npm ci put beside us, or this one if it is.
const { spawn } = require('node:child_process')
const { constants } = require('node:os')
const path = require('node:path')
const { pinnedNode } = require('./pinned-node.cjs')

const wanted = 26
const main = path.join(__dirname, 'main.ts')

function run(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  // a terminal sends its signals to the child as well; a supervisor sends them to us alone
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => signal !== 'SIGINT' && child.kill(signal))
  }
  child.on('error', (error) => {
    process.stderr.write(`plutino: cannot start ${node}: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exit(code === null ? 128 + (constants.signals[signal] || 0) : code)
  })
}

const isNewEnough = Number(process.versions.node.split('.')[0]) >= wanted
const node = isNewEnough ? process.execPath : pinnedNode()
if (node === undefined) {
  process.stderr.write(
    `plutino: Node ${wanted} is needed, this is ${process.version}; run npm ci with optional dependencies, or install it\n`,
  )
  process.exit(1)
} else if (isNewEnough) {
  import(require('node:url').pathToFileURL(main).href).catch((error) => {
    process.stderr.write(`plutino: ${error.stack}\n`)
    process.exitCode = 1
  })
} else {
  run(node)
}
