// The attacker as a sink.
import { hostOf } from './adapter.mjs'

export { emptyCwd, paths } from './adapter.mjs'
export const createHost = hostOf('sink')
