import type { Worker } from 'node:worker_threads'
import { WorkerHandle } from '#host/cell/workers/worker-handle.ts'
import { CheckpointStore } from '#host/checkpoints/store.ts'
import { readControl } from './control.ts'
import { breakHost, type Mutant } from './mutants.ts'

/*
 * A host whose clock, checkpoints and workers follow a file that the test writes (PLUTINO_CHAOS), and that is broken on
 * purpose where the checker itself is tested (PLUTINO_MUTANT).
 */
const path = process.env.PLUTINO_CHAOS ?? ''
let control = readControl(path)

const { now } = Date
Date.now = () => now() + control.clockMs

const { commit } = CheckpointStore.prototype
CheckpointStore.prototype.commit = async function (this: CheckpointStore, key, checkpoint) {
  if (control.checkpointsFail) throw new Error('ENOSPC: no space left, says the test')
  await commit.call(this, key, checkpoint)
}

const workers = new Set<Worker>()
const { open } = WorkerHandle.prototype
WorkerHandle.prototype.open = function (this: WorkerHandle, params) {
  workers.add(this.worker)
  void this.ended.then(() => workers.delete(this.worker))
  return open.call(this, params)
}

const { ppid } = process
const watch = () => {
  // the test is gone, and with it whoever would end this host
  if (process.ppid !== ppid) process.exit(1)
  const before = control
  control = readControl(path)
  if (control.workersKilled === before.workersKilled) return
  for (const worker of workers) void worker.terminate()
}
setInterval(watch, 30).unref()

if (process.env.PLUTINO_MUTANT) breakHost(process.env.PLUTINO_MUTANT as Mutant)

await import('../../host/main.ts')
