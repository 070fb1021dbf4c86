// The attacker as a source.
import { hostOf } from './adapter.mjs'

export { emptyCwd, paths } from './adapter.mjs'
export const createHost = hostOf('source')
