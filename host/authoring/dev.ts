import { watch } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { pause } from '@plutino/sdk'
import { pack } from '@plutino/sdk/pack'

/** How the command line talks to a server. */
export interface DevClient {
  request(method: string, path: string, body?: unknown): Promise<unknown>
  events(path: string, signal: AbortSignal): Promise<AsyncIterable<string>>
}

export interface DevOptions {
  readonly folder: string
  /** A statement over what the plugin brings; made of its kinds where it is missing. */
  readonly sql?: string | undefined
  readonly tier: 'sandboxed' | 'trusted'
  readonly signal: AbortSignal
  /** A row, as JSON. */
  row(text: string): void
  note(text: string): void
}

const SETTLE_MS = 150
const RULE = 'plugin_dev'
const STREAM = 'plugin_dev'

type Kind = 'sources' | 'sinks' | 'functions'

/**
 * Runs a plugin project in a live rule, and packs and replaces it at every save, until the signal. What is wrong with it
 * is a note, and the next save tries again.
 */
export async function develop(client: DevClient, options: DevOptions): Promise<void> {
  const { folder, signal, note, row } = options
  const temp = await mkdtemp(path.join(tmpdir(), 'plutino-dev-'))
  const zip = path.join(temp, 'plugin.zip')
  let isInstalled = false
  let hasRule = false
  let isStarted = false
  const load = async (): Promise<void> => {
    const started = performance.now()
    const own: Record<Kind, string[]> = { sources: [], sinks: [], functions: [] }
    await pack(folder, {
      output: zip,
      check: ({ entries }) => {
        for (const { kind, name } of entries) own[kind].push(name)
      },
    })
    const body = { file: pathToFileURL(zip).href, grants: 'all', tier: options.tier }
    if (!isInstalled) {
      await client.request('POST', '/plugins', body)
      isInstalled = true
    } else {
      const kind = (['sources', 'sinks', 'functions'] as const).find((each) => own[each].length > 0)
      const [name] = kind === undefined ? [] : own[kind]
      await client.request('PUT', `/plugins/${kind}/${name}`, { name, ...body })
    }
    if (!hasRule) {
      await makeRule(client, own, options.sql)
      hasRule = true
    }
    note(`loaded in ${Math.round(performance.now() - started)} ms`)
  }
  const failed = (error: Error) => note(error.message)
  const tried = () => load().catch(failed)
  const start = async () => {
    isStarted = true
    await client.request('POST', `/rules/${RULE}/start`).catch(failed)
  }
  const changes = new AbortController()
  const end = AbortSignal.any([signal, changes.signal])
  try {
    const watching = watched(folder, end, tried)
    // the rule may come with a later save
    while (!end.aborted) {
      if (!hasRule) await pause(200, end)
      else {
        const rows = await client.events(`/rules/${RULE}/rows`, end)
        // Not before somebody listens: a source may bring all of its rows at once.
        if (!isStarted) await start()
        for await (const text of rows) row(text)
        await pause(200, end)
      }
    }
    await watching
  } finally {
    changes.abort()
    await client.request('DELETE', `/rules/${RULE}`).catch(() => {})
    await client.request('DELETE', `/streams/${STREAM}`).catch(() => {})
    await rm(temp, { recursive: true, force: true })
  }
}

async function makeRule(
  client: DevClient,
  { sources, sinks, functions }: Readonly<Record<Kind, readonly string[]>>,
  sql: string | undefined,
): Promise<void> {
  if (sql === undefined && sources.length === 0 && functions.length > 0) {
    throw new Error(
      `it loads, and no rule calls it: how, only you know. Each save is loaded, too, and no more, until Ctrl-C; for rows start again with --sql "SELECT ${functions[0]}(…) FROM ${STREAM}"`,
    )
  }
  const type = sources[0] ?? 'simulator'
  await client.request('POST', '/streams', {
    sql: `CREATE STREAM ${STREAM} () WITH (DATASOURCE="dev", TYPE="${type}", FORMAT="json")`,
  })
  try {
    await client.request('POST', '/rules', {
      id: RULE,
      sql: sql ?? `SELECT * FROM ${STREAM}`,
      actions: [{ rows: {} }, ...sinks.map((name) => ({ [name]: {} }))],
      triggered: false,
    })
  } catch (error) {
    // The next save makes both.
    await client.request('DELETE', `/streams/${STREAM}`)
    throw error
  }
}

/** Calls back at once and after each save, one after the other; a save during the first call counts. */
function watched(folder: string, signal: AbortSignal, changed: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let last = Promise.resolve()
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (name === null || /(^|[\\/])(node_modules|target|vendor|data|log|\.git)([\\/]|$)/.test(name))
      return
    clearTimeout(timer)
    timer = setTimeout(() => {
      last = last.then(changed)
    }, SETTLE_MS)
  })
  last = changed()
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer)
      watcher.close()
      resolve(last)
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

/** A folder for a host of one's own. */
export async function hostFolder(trusted: boolean): Promise<string> {
  const base = await mkdtemp(path.join(tmpdir(), 'plutino-dev-host-'))
  await mkdir(path.join(base, 'etc'))
  const yaml = trusted ? 'plugins:\n  trusted: allow\n' : ''
  await writeFile(path.join(base, 'etc', 'plutino.yaml'), yaml)
  return base
}
