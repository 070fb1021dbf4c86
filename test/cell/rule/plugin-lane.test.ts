import test from 'ava'
import { PluginLane } from '#host/cell/rule/plugin-lane.ts'

test('a drop counts once, as in and not as out, and is acknowledged', (t) => {
  const lane = new PluginLane(10)
  lane.deliver(12)
  lane.deliver(13, 'no')
  lane.deliver(13, 'no')
  t.is(lane.acknowledged, 13)
  const { records_in_total, records_out_total, ...rest } = lane.figures()
  t.deepEqual([records_in_total, records_out_total], [3, 2])
  t.deepEqual([rest.dropped_total, rest.exceptions_total, rest.last_exception], [1, 1, 'no'])
})

test('a sink that has failed nothing shows no exception', (t) => {
  const lane = new PluginLane(0)
  lane.deliver(5)
  const { dropped_total, exceptions_total, last_exception, last_exception_time } = lane.figures()
  t.deepEqual([dropped_total, exceptions_total, last_exception, last_exception_time], [0, 0, '', 0])
})
