import type { MessagePort } from 'node:worker_threads'
import { InstallError } from './errors.ts'
import { type Prepared, type PrepareRequest, prepare } from './prepare.ts'

export interface UtilityTask {
  readonly request: PrepareRequest
  /** Told `checked` and `bundled`. */
  readonly steps: MessagePort
}

export type UtilityAnswer =
  | { readonly ok: Prepared }
  | { readonly error: { readonly code: string; readonly message: string } }

/** The utility worker's task. Errors cross as plain data: their class would not survive. */
export default async function task({ request, steps }: UtilityTask): Promise<UtilityAnswer> {
  try {
    return { ok: await prepare(request, (step) => steps.postMessage(step)) }
  } catch (error) {
    const { message } = error as Error
    return { error: { code: error instanceof InstallError ? error.code : 'bad-plugin', message } }
  } finally {
    steps.close()
  }
}
