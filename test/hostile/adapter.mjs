// Puts Plutino under the hostile plugins: a real server in this process, plugins packed as zips and installed over REST, each rule
// one worker with both plugins as functions. adapter-source.mjs and adapter-sink.mjs run the attacker as one of those instead.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GuardedEndpoint } from '#host/cell/workers/guarded-endpoint.ts'
import { defaultParts } from '#host/parts.ts'
import { startServer } from '#host/server.ts'
import { Lanes } from './lanes.mjs'
import { packed } from './packed.mjs'
import { HostileRule } from './rule.mjs'

const here = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const piscinaMain = createRequire(import.meta.url).resolve('piscina')

/** The host lives in a folder with a secret in it: its workers must not see that. */
export const emptyCwd = false

/** True names of the host's files: told to the attacks, so that secrecy is no defence. */
export const paths = {
  hostFile: here('host/server.ts'),
  workerFile: here('src/worker/sandboxed.ts'),
  piscinaMain,
  piscinaDist: dirname(piscinaMain),
}

/** @param kind what the attacker is made: `function`, `source` or `sink` */
export const hostOf =
  (kind) =>
  async ({ base }) => {
    const lanes = new Lanes()
    const logs = new Map()
    let cell
    const server = await startServer({
      base: join(base, 'host'),
      environment: {},
      overrides: { port: 0, consoleLog: false },
      parts: {
        createCell(environment, connectors, folders) {
          const log = (line) => {
            logs.get(line.rule)?.(line.text)
            environment.log(line)
          }
          cell = defaultParts.createCell({ ...environment, log }, lanes.within(connectors), folders)
          return cell
        },
      },
    })
    const request = async (method, path, body) => {
      const answer = await fetch(server.url + path, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      // A fault of the host is no refusal: it must not count as one.
      if (answer.status >= 500) process.abort()
      if (!answer.ok) throw new Error(text)
      return text
    }
    const installed = new Set()
    return {
      async install(plugin) {
        if (installed.has(plugin.name)) return
        installed.add(plugin.name)
        const as = plugin.name === 'attacker' ? kind : 'function'
        const file = await packed(plugin, as, join(base, `${plugin.name}.zip`))
        const body = { name: plugin.name, file: `file://${file}`, grants: 'all' }
        await request('POST', `/plugins/${as}s`, body)
      },
      async startRule(id, plugins) {
        const rule = new HostileRule({ id, plugins, kind, lanes, cell, request, logs })
        await rule.start()
        return rule
      },
      // Served as the host serves workers: fixed names, arguments checked.
      servePort(port) {
        const methods = new Map([['progress', ([n]) => Number(n) || 0]])
        new GuardedEndpoint(port, { methods, onOffence: () => port.close() })
      },
      // Rows are copied flat, never merged into objects of the host.
      consume: (value) => ({ ...value }),
    }
  }

export const createHost = hostOf('function')
