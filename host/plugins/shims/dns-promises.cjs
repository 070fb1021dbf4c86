module.exports = require('./dns.cjs').promises
