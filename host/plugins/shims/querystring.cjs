const { encode, decode } = require('npm:querystring-es3')

module.exports = {
  encode,
  decode,
  stringify: encode,
  parse: decode,
  escape: encodeURIComponent,
  unescape: decodeURIComponent,
}
