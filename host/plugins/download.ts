import { lookup as resolveName } from 'node:dns'
import { readFile, stat } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { refusalOfAddress } from './addresses.ts'
import { InstallError } from './errors.ts'

export interface DownloadOptions {
  /** Loopback and private addresses. */
  readonly privateNetworks: boolean
  readonly maxBytes: number
  /** From the first byte sent to the last one received, redirects and retries included. */
  readonly totalMs: number
  /** Without a byte. */
  readonly idleMs: number
  readonly redirects: number
  readonly retries: number
}

export const downloadDefaults: DownloadOptions = Object.freeze({
  privateNetworks: true,
  maxBytes: 20 << 20,
  totalMs: 300_000,
  idleMs: 30_000,
  redirects: 3,
  retries: 2,
})

/** Told how much of the zip is there; `total` where the other side says it. */
export type OnBytes = (bytes: number, total: number | undefined) => void

/**
 * Fetches a plugin's zip from an http, https or file URL. Every redirect and the address that is really connected to are
 * checked; an error of the server or the network is tried again with back-off.
 */
export async function download(
  url: string,
  options: DownloadOptions = downloadDefaults,
  signal?: AbortSignal,
  onBytes: OnBytes = () => {},
): Promise<Buffer> {
  const target = URL.parse(url)
  if (target === null || !['http:', 'https:', 'file:'].includes(target.protocol)) {
    throw badUri(url, 'an http, https or file address of a zip is needed')
  }
  if (!target.pathname.endsWith('.zip')) {
    throw badUri(url, 'it does not end in .zip')
  }
  if (target.protocol === 'file:') return readLocal(target, options, onBytes)
  const limit = AbortSignal.timeout(options.totalMs)
  const all = signal === undefined ? limit : AbortSignal.any([signal, limit])
  for (let attempt = 0; ; attempt++) {
    try {
      return await fetchOnce(target, options, { signal: all, onBytes })
    } catch (error) {
      if (limit.aborted)
        throw failed(
          url,
          `it took longer than ${options.totalMs} ms, which plugins.download.timeout allows`,
          error,
        )
      if (signal?.aborted === true) throw failed(url, 'the installation was given up', error)
      if (!(error instanceof Passing) || attempt >= options.retries)
        throw asInstallError(url, error)
      await sleep(250 * 2 ** attempt, undefined, { signal: all }).catch(() => {})
    }
  }
}

/** An error that may pass: of the network, or an answer 5xx. */
class Passing extends Error {}

function asInstallError(url: string, error: unknown): InstallError {
  if (error instanceof InstallError) return error
  return failed(url, (error as Error).message, error)
}

/** Kuiper's sentence. */
function failed(url: string, why: string, cause?: unknown): InstallError {
  return new InstallError('download-failed', `fail to download file ${url}: ${why}`, { cause })
}

function badUri(url: string, why: string): InstallError {
  return new InstallError('bad-url', `invalid uri ${url.slice(0, 300)}: ${why}`)
}

async function readLocal(
  url: URL,
  { maxBytes }: DownloadOptions,
  onBytes: OnBytes,
): Promise<Buffer> {
  try {
    const path = fileURLToPath(url)
    const status = await stat(path)
    // A pipe or a device would be read for ever.
    if (!status.isFile()) throw failed(url.href, 'it is no plain file')
    const { size } = status
    if (size > maxBytes) throw tooLarge(url.href, maxBytes)
    const zip = await readFile(path)
    onBytes(zip.length, zip.length)
    return zip
  } catch (error) {
    throw asInstallError(url.href, error)
  }
}

async function fetchOnce(
  start: URL,
  options: DownloadOptions,
  { signal, onBytes }: { readonly signal: AbortSignal; readonly onBytes: OnBytes },
): Promise<Buffer> {
  let url = start
  for (let hops = 0; ; hops++) {
    const answer = await request(url, options, signal)
    const { statusCode = 0, headers } = answer
    if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) {
      return readBody(answer, url, { ...options, onBytes })
    }
    answer.destroy()
    if (hops >= options.redirects)
      throw failed(start.href, `it redirects more than ${options.redirects} times`)
    const next = URL.parse(headers.location, url.href)
    if (next === null || !/^https?:$/.test(next.protocol)) {
      throw failed(
        start.href,
        `it redirects to "${headers.location.slice(0, 300)}", which is no http or https address`,
      )
    }
    if (url.protocol === 'https:' && next.protocol === 'http:') {
      throw failed(start.href, `it redirects from https to ${next.href}`)
    }
    url = next
  }
}

function request(
  url: URL,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const refusal = isIP(host) === 0 ? undefined : refusalOfAddress(host, options.privateNetworks)
  if (refusal !== undefined) return Promise.reject(badUri(url.href, refusal))
  return new Promise((resolve, reject) => {
    const client = url.protocol === 'https:' ? https : http
    const outgoing = client.get(
      url,
      {
        lookup: checkedLookup(url, options.privateNetworks),
        signal,
        timeout: options.idleMs,
        agent: false,
        headers: { accept: 'application/zip, */*' },
      },
      resolve,
    )
    outgoing.on('timeout', () =>
      outgoing.destroy(new Passing(`no byte came for ${options.idleMs} ms`)),
    )
    outgoing.on('error', (error) =>
      reject(
        error instanceof InstallError
          ? error
          : new Passing(error.message || String((error as NodeJS.ErrnoException).code), {
              cause: error,
            }),
      ),
    )
  })
}

/** The name is resolved once, and what was checked is what is connected to. */
function checkedLookup(url: URL, privateNetworks: boolean): LookupFunction {
  return (name, options, callback) => {
    resolveName(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const allowed = addresses.filter(
        ({ address }) => refusalOfAddress(address, privateNetworks) === undefined,
      )
      const [first] = allowed
      if (first === undefined) {
        const why = refusalOfAddress(addresses[0]?.address ?? '', privateNetworks)
        return callback(badUri(url.href, why ?? 'its host has no address'), [])
      }
      if (options.all === true) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

async function readBody(
  answer: http.IncomingMessage,
  url: URL,
  { maxBytes, onBytes }: DownloadOptions & { readonly onBytes: OnBytes },
): Promise<Buffer> {
  const { statusCode = 0 } = answer
  if (statusCode !== 200) {
    answer.destroy()
    const message = `the answer was ${statusCode} ${answer.statusMessage ?? ''}`.trim()
    if (statusCode >= 500) throw new Passing(message)
    throw failed(url.href, message)
  }
  const length = answer.headers['content-length']
  const total = length === undefined ? undefined : Number(length)
  if ((total ?? 0) > maxBytes) {
    answer.destroy()
    throw tooLarge(url.href, maxBytes)
  }
  const parts: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > maxBytes) throw tooLarge(url.href, maxBytes)
      parts.push(part)
      onBytes(bytes, total)
    }
  } catch (error) {
    if (error instanceof InstallError) throw error
    throw new Passing(`the answer broke off after ${bytes} bytes`, { cause: error })
  }
  return Buffer.concat(parts)
}

function tooLarge(url: string, maxBytes: number): InstallError {
  return new InstallError(
    'too-large',
    `fail to download file ${url}: it has more than ${maxBytes} bytes, which is what plugins.download.maxBytes allows`,
  )
}
