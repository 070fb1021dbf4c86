const { setTimeout, setInterval, setImmediate } = globalThis
const { clearTimeout, clearInterval, clearImmediate } = globalThis
const promises = require('./timers-promises.cjs')

module.exports = {
  setTimeout,
  setInterval,
  setImmediate,
  clearTimeout,
  clearInterval,
  clearImmediate,
  promises,
}
