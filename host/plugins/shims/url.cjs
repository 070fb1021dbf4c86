const legacy = require('npm:url')

function noFile(url) {
  const error = new Error(`a sandboxed plugin has no files: ${String(url).slice(0, 100)}`)
  throw Object.assign(error, { code: 'ERR_PLUGIN_DENIED' })
}

/** The host of an address in ASCII, '' when it is none. */
function domainToASCII(domain) {
  try {
    return new URL(`http://${domain}`).hostname
  } catch {
    return ''
  }
}

function urlToHttpOptions(url) {
  const { protocol, hostname, port, pathname, search, hash, href, username, password } = url
  return {
    protocol,
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    hash,
    search,
    pathname,
    path: `${pathname}${search}`,
    href,
    ...(port === '' ? {} : { port: Number(port) }),
    ...(username === '' ? {} : { auth: decodeURIComponent(`${username}:${password}`) }),
  }
}

module.exports = {
  ...legacy,
  URL,
  URLSearchParams,
  fileURLToPath: noFile,
  pathToFileURL: (path) => new URL(`file://${path}`),
  domainToASCII,
  domainToUnicode: domainToASCII,
  urlToHttpOptions,
}
