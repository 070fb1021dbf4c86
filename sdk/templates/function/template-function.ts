import type { Argument, RowFunction } from '@plutino/sdk'

/** `templateFunction(text)`: the text with its letters in the other order; null for null. */
export const TemplateFunction: RowFunction = {
  validate(args: readonly Argument[]) {
    if (args.length !== 1) {
      throw new Error(`templateFunction takes one argument, not ${args.length}`)
    }
  },

  exec([text]) {
    if (text === null) return null
    if (typeof text !== 'string') throw new TypeError(`a text is wanted, not a ${typeof text}`)
    return [...text].reverse().join('')
  },
}
