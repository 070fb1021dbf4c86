import { realProcess } from './capture.ts'

/** Every power that Node's permission model knows, and that a rule worker must not have. */
const powers = [
  'fs.read',
  'fs.write',
  'child',
  'worker',
  'net',
  'addon',
  'wasi',
  'inspector',
  'ffi',
] as const

/** The worker has a power that it must not have, or runs without the permission model. */
export class ConfinementError extends Error {
  override readonly name = 'ConfinementError'
  readonly code = 'not-confined'
}

/**
 * Gives back the working directory, which Node grants to every worker, and checks all but reading: the entry itself was
 * read from disk.
 *
 * @throws ConfinementError naming the powers that are there
 */
export function dropWorkingDirectory(): void {
  const { permission } = realProcess
  if (permission === undefined) {
    throw new ConfinementError(
      'the worker was started without --permission: plugins would have every power',
    )
  }
  permission.drop('fs.read', realProcess.cwd())
  refuse(powers.filter((power) => power !== 'fs.read' && permission.has(power)))
}

/**
 * Gives back reading altogether, then checks everything.
 *
 * @throws ConfinementError naming the powers that are there
 */
export function dropReading(workingDirectory: string, entry: string): void {
  const { permission } = realProcess
  permission.drop('fs.read')
  const readable = [workingDirectory, entry].filter((path) => permission.has('fs.read', path))
  refuse([...powers.filter((power) => permission.has(power)), ...readable])
}

function refuse(found: readonly string[]): void {
  if (found.length === 0) return
  throw new ConfinementError(
    `the worker has powers that no rule worker may have: ${found.join(', ')}`,
  )
}
