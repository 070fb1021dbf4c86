import type { CellEnvironment } from './cell.ts'
import type { Connectors } from './connectors/builtin.ts'
import {
  cellMethods,
  errorOf,
  type ForkSetup,
  type FromCell,
  plainOf,
  type ToCell,
} from './fork-protocol.ts'
import { LocalCell } from './local-cell.ts'

/** The process of a forked cell: a local cell, driven by messages from its parent. */
const commits = new Map<number, PromiseWithResolvers<void>>()
let lastCommit = 0
const asked = new Map<number, (values: readonly unknown[]) => void>()
let lastAsked = 0
let cell: LocalCell | undefined

process.on('message', (message: ToCell) => {
  if (message.type === 'setup') void setUp(message.setup)
  else if (message.type === 'call') void call(message)
  else if (message.type === 'keyed') answered(message)
  else settle(message)
})

// Without its parent nobody commits. A thread in native code would hold up any other way to end.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

const environment: CellEnvironment = {
  commit(key, checkpoint) {
    const commit = Promise.withResolvers<void>()
    commits.set(++lastCommit, commit)
    tell({ type: 'commit', id: lastCommit, key, checkpoint })
    return commit.promise
  },
  log: (line) => tell({ type: 'log', line }),
  keyedState(tenant, keys) {
    const { promise, resolve } = Promise.withResolvers<readonly unknown[]>()
    asked.set(++lastAsked, resolve)
    tell({ type: 'keyed-state', id: lastAsked, tenant, keys })
    return promise
  },
  refused: (refusal) => tell({ type: 'refused', refusal }),
}

async function setUp({ connectors, base, ...options }: ForkSetup): Promise<void> {
  const module: Readonly<Record<string, (base: string) => Connectors>> = await import(
    connectors.module
  )
  const make = module[connectors.export]
  if (make === undefined) throw new Error(`${connectors.module} has no export ${connectors.export}`)
  cell = new LocalCell({ ...options, environment, connectors: make(base) })
  cell.watch((event) => tell({ type: 'event', event }))
  tell({ type: 'ready' })
}

async function call({ id, method, args }: ToCell & { type: 'call' }): Promise<void> {
  try {
    if (cell === undefined || !cellMethods.includes(method)) throw new Error('no such call')
    const serve: (...args: never[]) => Promise<unknown> = cell[method].bind(cell)
    tell({ type: 'result', id, value: await serve(...(args as never[])) })
  } catch (error) {
    tell({ type: 'result', id, error: plainOf(error) })
  }
}

function settle({ id, error }: ToCell & { type: 'committed' }): void {
  const commit = commits.get(id)
  commits.delete(id)
  if (error === undefined) commit?.resolve()
  else commit?.reject(errorOf(error))
}

function answered({ id, values }: ToCell & { type: 'keyed' }): void {
  asked.get(id)?.(values)
  asked.delete(id)
}

function tell(message: FromCell): void {
  if (process.connected) process.send?.(message)
}
