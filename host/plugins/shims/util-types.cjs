module.exports = require('./util.cjs').types
