import { InstallError } from './errors.ts'
import { type Prepared, type PrepareRequest, prepare } from './prepare.ts'

export type UtilityAnswer =
  | { readonly ok: Prepared }
  | { readonly error: { readonly code: string; readonly message: string } }

/** The utility worker's task. Errors cross as plain data: their class would not survive. */
export default async function task(request: PrepareRequest): Promise<UtilityAnswer> {
  try {
    return { ok: await prepare(request) }
  } catch (error) {
    const { message } = error as Error
    return { error: { code: error instanceof InstallError ? error.code : 'bad-plugin', message } }
  }
}
