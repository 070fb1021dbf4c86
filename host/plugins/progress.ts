import { InstallError } from './errors.ts'

export const installSteps = [
  'waiting',
  'downloading',
  'downloaded',
  'checked',
  'bundled',
  'inspected',
  'stored',
  'recorded',
  'moving rules',
  'done',
] as const

export type InstallStep = (typeof installSteps)[number]

/** How far an installation has come. */
export interface Progress {
  readonly step: InstallStep
  /** Of the zip, so far. */
  readonly bytes?: number | undefined
  /** Of the zip; missing where nobody said. */
  readonly total?: number | undefined
}

/** Of one installation: who watches it, and who may call it off. */
export interface InstallRun {
  /** Nothing is installed when it is aborted before the step `recorded`. */
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((progress: Progress) => void) | undefined
}

/** @throws InstallError `cancelled` */
export function checkGoesOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled()
}

export function cancelled(): InstallError {
  return new InstallError(
    'cancelled',
    'fail to install plugin: the installation was called off; nothing was installed',
  )
}

/** What is not waited for any more goes on by itself, and its outcome is nobody's. */
export function unlessCancelled<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  if (signal.aborted) return Promise.reject(cancelled())
  return new Promise((resolve, reject) => {
    const stop = () => reject(cancelled())
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
