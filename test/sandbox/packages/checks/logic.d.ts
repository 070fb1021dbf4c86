import type { Check } from '../run.ts'

declare const checks: readonly Check[]
export default checks
