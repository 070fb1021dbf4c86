import type { RowFunction } from '@plutino/sdk'

/** `countPlusOne(value)`: how many rows the group has, and one. An aggregate: the argument is an array over the group. */
export const CountPlusOne: RowFunction = {
  validate(args) {
    if (args.length !== 1) throw new Error(`countPlusOne takes one argument, not ${args.length}`)
  },
  exec([values]) {
    if (!Array.isArray(values)) throw new TypeError('countPlusOne works on groups')
    return values.length + 1
  },
  isAggregate: () => true,
}
