/** What the variable of the environment says under a supervisor. */
export const supervisedVariable = 'PLUTINO_SUPERVISED'

/** From a supervised host to its supervisor. */
export type FromHost =
  | { readonly type: 'ready' }
  /** Its main thread turns. */
  | { readonly type: 'alive' }
  /** All is closed; the process may be ended. */
  | { readonly type: 'closed'; readonly code: number }

/** From a supervisor to its host. */
export interface ToHost {
  readonly type: 'ping'
}

/** The exit code of a host that asks for a successor. As sysexits' EX_TEMPFAIL. */
export const replaceMe = 75

/** The host's side of a supervisor. */
export interface Supervision {
  tell(message: FromHost): void
  /** Resolves when the supervisor is gone. */
  readonly orphaned: Promise<void>
}

/** @returns `undefined`: nobody supervises this process */
export function supervisionOf(host: NodeJS.Process): Supervision | undefined {
  if (host.env[supervisedVariable] !== '1' || host.send === undefined) return undefined
  // no other program that this one starts is meant
  delete host.env[supervisedVariable]
  const orphaned = new Promise<void>((resolve) => host.once('disconnect', resolve))
  const tell = (message: FromHost) => {
    if (host.connected) host.send?.(message, undefined, undefined, () => {})
  }
  host.on('message', ({ type }: ToHost) => {
    if (type === 'ping') tell({ type: 'alive' })
  })
  return { orphaned, tell }
}
