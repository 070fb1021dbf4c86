import type { RowFunction } from '@plutino/sdk'

/** `echo(value)`: the value. A ready object: it keeps nothing, so one for all calls will do. */
export const Echo: RowFunction = {
  validate(args) {
    if (args.length !== 1) throw new Error(`echo takes one argument, not ${args.length}`)
  },
  exec: ([value]) => value,
  isAggregate: () => false,
}
