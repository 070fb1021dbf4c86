import test from 'ava'
import { goesByArrival } from '#host/cell/rule/arrival.ts'
import { planOf } from '#test/flow/rule.ts'

const counted = 'SELECT count(*) AS c FROM demo GROUP BY'

for (const window of ['TUMBLINGWINDOW(ss, 1)', 'SLIDINGWINDOW(ss, 1)', 'SESSIONWINDOW(ss, 9, 1)']) {
  test(`what ${window} makes depends on when rows arrived`, (t) => {
    t.true(goesByArrival(planOf(`${counted} ${window}`)))
    t.true(goesByArrival(planOf(`SELECT k FROM demo GROUP BY k, ${window} HAVING count(*) > 1`)))
  })
}

test('what a filter or a count window makes follows from the rows alone', (t) => {
  t.false(goesByArrival(planOf('SELECT a FROM demo WHERE a > 1')))
  t.false(goesByArrival(planOf(`${counted} COUNTWINDOW(5)`)))
})

test('batches that linger go by arrival times, batches of a size do not', (t) => {
  const batch = (props: object) =>
    planOf('SELECT a FROM demo', { actions: [{ type: 'file', props: { ...props } }] })
  t.true(goesByArrival(batch({ batchSize: 5, lingerInterval: 100 })))
  t.false(goesByArrival(batch({ batchSize: 5 })))
})
