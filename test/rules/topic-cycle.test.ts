import test from 'ava'
import fc from 'fast-check'
import { matchesTopic } from '#host/cell/connectors/memory/topics.ts'
import { cycleText, findCycle, type TopicUse } from '#host/rules/topic-cycle.ts'

const use = (rule: string, reads: readonly string[], writes: readonly string[]): TopicUse => ({
  rule,
  reads,
  writes,
})

test('the shortest way back is found, wildcards included', (t) => {
  const start = use('a', ['in', 't/+'], ['x', 'y'])
  const others = [use('b', ['x'], ['u']), use('c', ['u'], ['t/1']), use('d', ['y'], ['t/2'])]
  const cycle = findCycle(start, others, matchesTopic)
  t.is(
    cycle && cycleText(cycle),
    'a writes "y", which d reads; d writes "t/2", which a reads as "t/+"',
  )
  t.is(findCycle(start, others.slice(0, 1), matchesTopic), undefined)
})

const topics = ['a', 'a/1', 'b', 'b/1']
const filters = [...topics, '#', 'a/+', '+', 'b/#']
const rules = fc.array(
  fc.tuple(fc.subarray(filters, { maxLength: 2 }), fc.subarray(topics, { maxLength: 2 })),
  { minLength: 1, maxLength: 6 },
)

test('there is a cycle exactly when what a rule writes can come back to it', (t) => {
  fc.assert(
    fc.property(rules, (made) => {
      const [start, ...others] = made.map(([reads, writes], i) => use(`r${i}`, reads, writes))
      if (start === undefined) return
      // everything that is reached from it, however long the way
      let reached = new Set<string>()
      let grown = new Set(start.writes)
      while (grown.size > reached.size) {
        reached = grown
        const readers = others.filter(({ reads }) =>
          reads.some((filter) => [...reached].some((topic) => matchesTopic(filter, topic))),
        )
        grown = new Set([...reached, ...readers.flatMap(({ writes }) => writes)])
      }
      const comesBack = start.reads.some((filter) =>
        [...reached].some((topic) => matchesTopic(filter, topic)),
      )
      const cycle = findCycle(start, others, matchesTopic)
      t.is(cycle !== undefined, comesBack)
      if (cycle === undefined) return
      t.is(cycle.at(-1)?.reader, cycle[0]?.rule)
      t.true(cycle.every(({ filter, topic }) => matchesTopic(filter, topic)))
    }),
    { seed: 7, numRuns: 1000 },
  )
})
