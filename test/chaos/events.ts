import { setTimeout as sleep } from 'node:timers/promises'
import type { EventKind, EventPlan, Plan } from './plan.ts'
import type { World } from './world.ts'

/** How often each was done; what was not possible at its time is not counted. */
export type Counts = Partial<Record<EventKind, number>>

/** Lets the events of a plan happen, each at its time. Resolves when all are over and mended. */
export async function happen(world: World, plan: Plan, counts: Counts): Promise<void> {
  const over = plan.events.map(async (event) => {
    await sleep(event.at)
    if (await act(world, plan, event).catch(refused))
      counts[event.kind] = (counts[event.kind] ?? 0) + 1
  })
  await Promise.all(over)
}

/** A disk without room takes no changes of rules, and says so. */
function refused(error: unknown): false {
  if (error instanceof Error && error.message.includes(': 507 ')) return false
  throw error
}

/** What was stopped has to be started again: with the disk full, as soon as it is not. */
async function untilTaken(ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    if ((await ask().catch(refused)) !== false) return
    await sleep(100)
  }
}

/** @returns false: it could not be done */
async function act(world: World, plan: Plan, event: EventPlan): Promise<boolean> {
  const { kind, lasts } = event
  const { receiver, host, broker, feeder, disk } = world
  const rule = plan.rules.find(({ id }) => id === event.rule)
  if (rule === undefined) return false
  switch (kind) {
    case 'kill worker':
      world.set({ workersKilled: world.control.workersKilled + 1 })
      return true
    case 'kill host':
      await host.killAndStart()
      return true
    case 'restart host':
      await host.restart()
      return true
    case 'stop broker': {
      if (broker === undefined || !broker.isRunning) return false
      await feeder?.pause()
      await broker.stop()
      await sleep(lasts)
      await broker.start()
      feeder?.resume()
      return true
    }
    case 'sink fails':
      receiver.mode = 'fails'
      await sleep(lasts)
      receiver.mode = 'well'
      return true
    case 'sink refuses':
      receiver.refuse()
      await sleep(lasts)
      receiver.mode = 'well'
      return true
    case 'sink down for checkpoints':
      receiver.mode = 'fails'
      await sleep(Math.max(...plan.rules.map(({ checkpointMs }) => checkpointMs)) * 3.5)
      receiver.mode = 'well'
      return true
    case 'checkpoints fail':
      world.set({ checkpointsFail: true })
      await sleep(lasts)
      world.set({ checkpointsFail: false })
      return true
    case 'disk full':
      if (disk === undefined) return false
      await disk.fill()
      await sleep(lasts)
      disk.free()
      return true
    case 'clock jump':
      world.set({ clockMs: world.control.clockMs + event.jumpMs })
      return true
    case 'update rule':
      if (!(await runs(world, rule.id))) return false
      await world.update(rule)
      return true
    case 'stop rule':
      if (!(await runs(world, rule.id))) return false
      await host.send('POST', `/rules/${rule.id}/stop`)
      await sleep(lasts)
      if (!world.dropped.has(rule.id))
        await untilTaken(() => host.send('POST', `/rules/${rule.id}/start`))
      return true
    case 'drop rule':
      // the other one stays
      if (world.dropped.size > 0) return false
      await world.drop(rule)
      return true
  }
}

/** A bounded rule that is done would begin anew. */
async function runs(world: World, id: string): Promise<boolean> {
  if (world.dropped.has(id)) return false
  return (await world.statusOf(id)).status === 'running'
}
