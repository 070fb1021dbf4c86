import workerThreads from 'node:worker_threads'
import 'ses'
import { watchStacks } from '#src/sandbox/plugin-stack.ts'
import { capAllocations, keepEngineFast } from './caps.ts'
import { forgetWorkerData, realProcess, workerAtomics } from './capture.ts'
import { allowOwnNames, disarmClasses, freezeClasses } from './freeze.ts'
import { installGate } from './gate.ts'
import { disarmErrors, freezeRealError, sharedRejections } from './runtime-errors.ts'
import { dropReading, dropWorkingDirectory } from './selftest.ts'
import { stripRealm } from './strip.ts'

const { repairIntrinsics } = globalThis

/**
 * Closes the worker for good, in the order that matters: powers dropped, loader gated, allocations capped, the realm
 * emptied, the language locked, the runtime's classes frozen, the loader sealed, reading given up. Everything that the
 * engine will ever import has to be there before.
 *
 * @throws ConfinementError when a power is left: the worker must not go on
 */
export function closeRealm(): void {
  const workingDirectory = realProcess.cwd()
  const entry = import.meta.filename
  dropWorkingDirectory()
  forgetWorkerData(workerThreads)
  const gate = installGate()
  capAllocations()
  const classes = disarmClasses()
  const hidden = disarmErrors()
  stripRealm(workerAtomics)
  repairIntrinsics({
    errorTaming: 'safe',
    stackFiltering: 'concise',
    overrideTaming: 'moderate',
    consoleTaming: 'unsafe',
    evalTaming: 'safe-eval',
    localeTaming: 'unsafe',
    domainTaming: 'unsafe',
    regExpTaming: 'safe',
    reporting: 'none',
    errorTrapping: 'none',
    unhandledRejectionTrapping: 'none',
  })
  watchStacks(Error)
  hidden.push(...allowOwnNames())
  globalThis.hardenIntrinsics()
  Reflect.deleteProperty(globalThis, 'hardenIntrinsics')
  freezeClasses(harden, classes)
  for (const part of hidden) harden(part)
  for (const rejection of sharedRejections()) rejection.then(undefined, harden)
  freezeRealError()
  keepEngineFast()
  gate.seal()
  dropReading(workingDirectory, entry)
}
