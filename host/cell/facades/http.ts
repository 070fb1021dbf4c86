import { Agent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { LookupFunction } from 'node:net'
import { OffenceError, type Serve } from '../workers/guarded-endpoint.ts'
import { countOf } from '../workers/results.ts'
import type { Facade, FacadeHost } from './facade.ts'
import { HttpExchange, tooMany } from './http-exchange.ts'
import { readRequest } from './http-request.ts'
import { type AskSystem, NameLookup } from './name-lookup.ts'
import { GrantedOrigins, originOf } from './origins.ts'

/** Requests of one package in one flow, until their answers are read to the end. */
const MAX_EXCHANGES = 64
/** ms that a connection is kept for the next request. */
const KEEP_MS = 4000

/** `fetch` to exactly the `http://` and `https://` origins that were granted. No redirect is followed: the plugin asks again. */
export function httpFacade(host: FacadeHost, askSystem?: AskSystem): Facade {
  const { push, powers, isTrusted } = host
  const granted = new GrantedOrigins(powers.network)
  const names = new NameLookup(askSystem)
  const lookup = lookupOf(names)
  const kept = { keepAlive: true, maxFreeSockets: 8, timeout: KEEP_MS }
  const agents = { http: new Agent(kept), https: new HttpsAgent(kept) }
  const exchanges = new Map<number, HttpExchange>()

  const methods = new Map<string, Serve>([
    [
      'fetch.send',
      ([id, wanted, body]) => {
        const number = countOf(id, 'request')
        if (exchanges.has(number)) throw new OffenceError(`request ${number} is open already`)
        const request = readRequest(wanted, body)
        const { target } = request
        if (!isTrusted && !granted.has(target)) throw host.denied('network', originOf(target))
        if (exchanges.size >= MAX_EXCHANGES) throw tooMany(host.title, MAX_EXCHANGES)
        const exchange = new HttpExchange({
          id: number,
          request,
          agents,
          lookup,
          push,
          gone: () => exchanges.delete(number),
        })
        // Counted before the first wait: otherwise any number could pass the limit meanwhile.
        exchanges.set(number, exchange)
        return exchange.send()
      },
    ],
    [
      'fetch.taken',
      ([id, bytes]) => exchanges.get(countOf(id, 'request'))?.credit(countOf(bytes, 'bytes')),
    ],
    ['fetch.abort', ([id]) => exchanges.get(countOf(id, 'request'))?.close()],
  ])
  return {
    methods,
    close() {
      for (const exchange of [...exchanges.values()]) exchange.close()
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

/** The addresses that the connection is made to are the ones that were checked. */
function lookupOf(names: NameLookup): LookupFunction {
  return (host, options, answer) => {
    names.find(host).then(
      (found) => {
        if (options.all === true) answer(null, [...found])
        else answer(null, found[0]?.address ?? '', found[0]?.family)
      },
      (error: NodeJS.ErrnoException) => answer(error, ''),
    )
  }
}
