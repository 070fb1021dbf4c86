/** What a connection needs. */
export interface Login {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly charset?: string
  readonly connectTimeout?: number
  readonly isTls: boolean
}

const MYSQL_PORT = 3306

/** Of Go's driver; they say how it hands values to Go programs, which there are none of. */
const WITHOUT_MEANING = new Set([
  'allowNativePasswords',
  'autocommit',
  'checkConnLiveness',
  'clientFoundRows',
  'columnsWithAlias',
  'interpolateParams',
  'loc',
  'maxAllowedPacket',
  'parseTime',
  'readTimeout',
  'rejectReadOnly',
  'writeTimeout',
])

/**
 * Reads an address: `user:password@tcp(host:port)/database?parameter=value`, as Go's driver writes it, or
 * `mysql://user:password@host:port/database`.
 *
 * @throws Error that names what is wrong, and never the password
 */
export function readDataSourceName(text: string): Login {
  return /^(mysql|mariadb):\/\//i.test(text) ? readUrl(text) : readGoName(text)
}

function readUrl(text: string): Login {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new Error('url is no mysql://user:password@host:port/database')
  }
  return {
    host: hostOf(url.hostname),
    port: url.port === '' ? MYSQL_PORT : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: databaseOf(decodeURIComponent(url.pathname.slice(1))),
    ...readParameters(url.searchParams),
  }
}

/** The last `/` begins the database and the last `@` before it the address: a password may have both. */
function readGoName(text: string): Login {
  const slash = text.lastIndexOf('/')
  if (slash < 0) {
    throw new Error('url has no "/" before the database: user:password@tcp(host:port)/database')
  }
  const before = text.slice(0, slash)
  const at = before.lastIndexOf('@')
  const [user = '', ...password] = before.slice(0, Math.max(at, 0)).split(':')
  const [database = '', ...parameters] = text.slice(slash + 1).split('?')
  return {
    ...readAddress(before.slice(at + 1)),
    user,
    password: password.join(':'),
    database: databaseOf(decodeURIComponent(database)),
    ...readParameters(new URLSearchParams(parameters.join('?'))),
  }
}

function readAddress(text: string): Pick<Login, 'host' | 'port'> {
  if (text === '') return { host: '127.0.0.1', port: MYSQL_PORT }
  const [, protocol = '', address = ''] = /^([a-z0-9]+)(?:\((.*)\))?$/i.exec(text) ?? []
  if (protocol !== 'tcp') {
    throw new Error(
      `url: "${text}" is no tcp(host:port); socket files and other protocols are not there`,
    )
  }
  const [, host = '', port] = /^(\[[^\]]+\]|[^:]*)(?::(\d{1,5}))?$/.exec(address) ?? []
  if (host === '') throw new Error(`url: "${text}" is no tcp(host:port)`)
  return { host: hostOf(host), port: port === undefined ? MYSQL_PORT : Number(port) }
}

function hostOf(text: string): string {
  return text.replace(/^\[(.*)\]$/, '$1')
}

function databaseOf(text: string): string {
  if (text !== '') return text
  throw new Error('url names no database behind its last "/"')
}

function readParameters(
  parameters: URLSearchParams,
): Pick<Login, 'charset' | 'connectTimeout' | 'isTls'> {
  let charset = 'utf8mb4'
  let connectTimeout = 10_000
  let isTls = false
  for (const [name, value] of parameters) {
    if (name === 'charset') charset = (value.split(',')[0] ?? '') || charset
    else if (name === 'collation') charset = value
    else if (name === 'timeout') connectTimeout = milliseconds(name, value)
    else if (name === 'tls') isTls = isTrue(value)
    else if (name === 'multiStatements' && value !== 'true') continue
    else if (!WITHOUT_MEANING.has(name)) {
      throw new Error(
        `url: parameter "${name}" is not known; there are charset, collation, timeout and tls`,
      )
    }
  }
  return { charset, connectTimeout, isTls }
}

function isTrue(value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true'
  throw new Error(`url: tls is true or false, not "${value}": certificates are always checked`)
}

/** `10s`, `500ms`, `1m`, as Go writes durations. */
function milliseconds(name: string, text: string): number {
  const [, number, unit = ''] = /^(\d+)(ms|s|m)$/.exec(text) ?? []
  const each = { ms: 1, s: 1000, m: 60_000 }[unit]
  if (each !== undefined) return Number(number) * each
  throw new Error(`url: ${name} is a time such as 10s, not "${text}"`)
}
