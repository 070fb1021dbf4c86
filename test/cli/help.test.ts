import test from 'ava'
import { Command } from 'commander'
import { pluginCommand } from '#host/cli/commands/plugin.ts'
import { queryCommand } from '#host/cli/commands/query.ts'
import { ruleCommand } from '#host/cli/commands/rule.ts'
import { addVerbs } from '#host/cli/verbs.ts'

/** Each command below one, with the words that lead to it. */
function* below(command: Command, words: readonly string[]): Generator<[string, Command]> {
  for (const child of command.commands) {
    const path = [...words, child.name()]
    yield [path.join(' '), child]
    yield* below(child, path)
  }
}

test('every command and every option says what it is for', (t) => {
  const program = new Command('plutino')
  const open = () => {
    throw new Error('help asks no server')
  }
  addVerbs(program, open)
  pluginCommand(program, open)
  queryCommand(program, open)
  ruleCommand(program, open)
  const all = new Map(below(program, []))
  for (const known of ['create rule', 'drop plugin sink', 'plugin install', 'rule state reset'])
    t.true(all.has(known), known)
  const silent = [...all].flatMap(([words, command]) => [
    ...(command.description() === '' ? [words] : []),
    ...command.options.filter((each) => each.description === '').map(({ flags }) => words + flags),
  ])
  t.deepEqual(silent, [])
})
