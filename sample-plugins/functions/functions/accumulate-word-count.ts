import type { Argument, FunctionContext, RowFunction } from '@plutino/sdk'

const COUNTER = 'allwordcount'

/** `accumulateWordCount(text, separator)`: the words of this text and of all before it in the rule. */
export class AccumulateWordCount implements RowFunction {
  validate(args: readonly Argument[]): void {
    if (args.length === 2) return
    throw new Error(`a text and what separates its words are wanted, not ${args.length} arguments`)
  }

  exec([text, separator]: unknown[], ctx: FunctionContext): unknown {
    if (typeof text !== 'string' || typeof separator !== 'string') {
      throw new TypeError('words are counted in a text, by a text that separates them')
    }
    ctx.incrCounter(COUNTER, text.split(separator).length)
    return ctx.getCounter(COUNTER)
  }

  isAggregate(): boolean {
    return false
  }
}

/** `wordCountByGroup(text, separator)`: the same, for each group of GROUP BY of its own. */
export class WordCountByGroup extends AccumulateWordCount {
  readonly state = 'group'
}
