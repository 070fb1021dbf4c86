import { randomUUID } from 'node:crypto'
import type { Catalog } from '#host/catalog/catalog.ts'
import { type Cell, CellError, type StreamReset } from '#host/cell/cell.ts'
import type { CheckpointStore, KeptCheckpoint } from '#host/checkpoints/store.ts'
import { HostError } from '#host/errors.ts'
import type { RuleService } from './rules.ts'
import { decodeState, encodeState } from './state-file.ts'

export interface RuleStatesOptions {
  readonly catalog: Catalog
  readonly cell: Cell
  readonly checkpoints: CheckpointStore
  readonly rules: RuleService
  /** Of this host. */
  readonly version: string
}

/** What rules have kept, for who wants to look at it, to take it away or to put it back. */
export class RuleStates {
  readonly #options: RuleStatesOptions

  constructor(options: RuleStatesOptions) {
    this.#options = options
  }

  /** Newest first. */
  list(tenant: string, id: string): Promise<KeptCheckpoint[]> {
    const { rules, checkpoints } = this.#options
    rules.get(tenant, id)
    return checkpoints.list({ tenant, rule: id })
  }

  /** Of a rule that runs: as it is now. */
  async export(tenant: string, id: string): Promise<Buffer> {
    const { rules, cell, checkpoints, version } = this.#options
    const { sql } = rules.get(tenant, id)
    const key = { tenant, rule: id }
    const { status } = await rules.standing(tenant, id)
    if (status?.state === 'running') await cell.checkpoint(key)
    const checkpoint = await checkpoints.newest(key)
    if (checkpoint === undefined) {
      throw new HostError(
        'not-found',
        `rule ${id} has kept no state; start it, or give it option qos 1 or 2`,
      )
    }
    const { at, epoch } = checkpoint
    return encodeState({ head: { rule: id, sql, at, epoch, plutino: version }, checkpoint })
  }

  /** Starts anew, without what its operators held. */
  reset(tenant: string, id: string): Promise<void> {
    const { rules, checkpoints, catalog } = this.#options
    return rules.whileStopped({ tenant, rule: id }, 'reset state', async (key) => {
      await checkpoints.remove(key)
      catalog.rules.setGeneration(tenant, id, randomUUID())
      await catalog.durable()
    })
  }

  /** One of its sources goes on from where the operator says. Resolves when that is kept. */
  resetSource(tenant: string, id: string, reset: StreamReset): Promise<void> {
    const { rules, cell } = this.#options
    return rules.inTurn({ tenant, rule: id }, 'reset state', async (key) => {
      const status = await cell.status(key)
      if (status?.state !== 'running') {
        throw new CellError('not-resettable', `rule ${id} should be running when modify state`)
      }
      await cell.resetSource(key, reset)
    })
  }

  /**
   * The rule goes on from this state when it starts next; one that runs is stopped and started. What its sinks have had is
   * numbered anew: rows that come after the import are new ones, whatever the state has sent elsewhere before.
   */
  async import(tenant: string, id: string, bytes: Uint8Array): Promise<void> {
    const { rules, checkpoints, catalog } = this.#options
    const { head, checkpoint } = decodeState(bytes)
    const { sql } = rules.get(tenant, id)
    const isOwn = head.rule === id && head.sql === sql
    const generation = randomUUID()
    await rules.whileStopped({ tenant, rule: id }, 'import state', async (key, next) => {
      await checkpoints.remove(key)
      catalog.rules.setGeneration(tenant, id, generation)
      await checkpoints.commit(key, {
        ...checkpoint,
        // sequence numbers count in this host's own spools: elsewhere, and in another rule, they mean nothing
        sources: checkpoint.sources.map((source) => (isOwn ? source : { ...source, sequence: 0 })),
        positions: checkpoint.positions.map(() => 0),
        generation,
        epoch: next().epoch,
      })
      await catalog.durable()
    })
  }
}
