import type { FunctionContext } from '@plutino/sdk'
import test from 'ava'
import { AccumulateWordCount, WordCountByGroup } from '../functions/accumulate-word-count.ts'
import { CountPlusOne } from '../functions/count-plus-one.ts'
import { Echo } from '../functions/echo.ts'
import { Spread } from '../functions/spread.ts'

function makeContext(): FunctionContext {
  const counters = new Map<string, number>()
  return {
    incrCounter: (key: string, by: number) => counters.set(key, (counters.get(key) ?? 0) + by),
    getCounter: (key: string) => counters.get(key) ?? 0,
  } as unknown as FunctionContext
}

test('echo gives back what it is given', (t) => {
  const values = [1, 'text', null, { a: [1] }]
  t.deepEqual(
    values.map((value) => Echo.exec([value], makeContext())),
    values,
  )
  t.throws(() => Echo.validate?.([]), { message: 'echo takes one argument, not 0' })
})

test('countPlusOne counts a group, and one', (t) => {
  t.true(CountPlusOne.isAggregate?.())
  t.is(CountPlusOne.exec([[5, null, 7]], makeContext()), 4)
  t.throws(() => CountPlusOne.exec([5], makeContext()), { message: /works on groups/ })
})

test('accumulateWordCount goes on over its calls, and what is no text is an error of the row', (t) => {
  const ctx = makeContext()
  const count = new AccumulateWordCount()
  t.is(count.exec(['a b c', ' '], ctx), 3)
  t.is(count.exec(['d,e', ','], ctx), 5)
  t.throws(() => count.exec([5, ' '], ctx), { instanceOf: TypeError })
  t.is(count.exec(['', ' '], ctx), 6)
  t.throws(() => count.validate([{}]), { message: /not 1 arguments/ })
  t.is(new WordCountByGroup().state, 'group')
})

test('spread is what it would be made anew, whatever comes and goes', (t) => {
  const numbers = [5, 3, 8, 3, 9, 1, 4, 4, 7, 2]
  let accumulator = Spread.init()
  t.is(Spread.result(accumulator), null)
  for (const [i, number] of numbers.entries()) {
    accumulator = Spread.add(accumulator, [number])
    if (i >= 3) accumulator = Spread.remove?.(accumulator, [numbers[i - 3]]) ?? accumulator
    const inside = numbers.slice(Math.max(0, i - 2), i + 1)
    t.is(Spread.result(accumulator), Math.max(...inside) - Math.min(...inside))
  }
  t.is(Spread.result(Spread.add(Spread.init(), [null])), null)
})
