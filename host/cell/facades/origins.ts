import { isIP } from 'node:net'

export type Scheme = 'tcp' | 'tls' | 'http' | 'https' | 'ws' | 'wss'

export interface Target {
  readonly scheme: Scheme
  /** Lower case, without brackets and without the dot at the end. */
  readonly host: string
  readonly port: number
}

const ownPorts: Readonly<Partial<Record<Scheme, number>>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
}

const NAME = /^(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/

/**
 * A host as it is compared and connected to. `undefined`: it is none. Numbers that some resolvers read as addresses
 * (`2130706433`, `127.1`, `0x7f000001`) are none either.
 */
export function readHost(text: string): string | undefined {
  const lower = text.toLowerCase()
  const bare = /^\[.*\]$/.test(lower) ? lower.slice(1, -1) : lower.replace(/\.$/, '')
  const version = isIP(bare)
  if (version === 4) return bare
  if (version === 6) return bare.includes('%') ? undefined : shortest(bare)
  if (bare.length > 253 || !NAME.test(bare)) return undefined
  const last = bare.slice(bare.lastIndexOf('.') + 1)
  return /^(\d+|0x[0-9a-f]*)$/.test(last) ? undefined : bare
}

/** The one way to write a target: `tcp://db:3306`, `https://api.example.com`, `tcp://[::1]:6379`. */
export function originOf({ scheme, host, port }: Target): string {
  const place = isIP(host) === 6 ? `[${host}]` : host
  return port === ownPorts[scheme] ? `${scheme}://${place}` : `${scheme}://${place}:${port}`
}

/** The origins that were granted: compared as whole texts, each written in the one way. */
export class GrantedOrigins {
  readonly #origins: ReadonlySet<string>

  constructor(granted: readonly string[]) {
    const targets = granted.map(readOrigin).filter((target) => target !== undefined)
    this.#origins = new Set(targets.map(originOf))
  }

  has(target: Target): boolean {
    return this.#origins.has(originOf(target))
  }
}

const SCHEMES: readonly Scheme[] = ['tcp', 'tls', 'http', 'https', 'ws', 'wss']

/** `undefined` for what is no origin; the installation has refused it before. */
export function readOrigin(text: string): Target | undefined {
  const [, name, place, port] =
    /^([a-z]+):\/\/(\[[^\]]*\]|[^:/?#@\s]+)(?::(\d{1,5}))?\/?$/i.exec(text) ?? []
  const scheme = SCHEMES.find((known) => known === name?.toLowerCase())
  const host = place === undefined ? undefined : readHost(place)
  if (scheme === undefined || host === undefined) return undefined
  const number = port === undefined ? ownPorts[scheme] : Number(port)
  if (number === undefined || number < 1 || number > 65_535) return undefined
  return { scheme, host, port: number }
}

function shortest(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1)
}
