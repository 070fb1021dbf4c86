module.exports = require('npm:readable-stream/lib/ours/browser.js')
