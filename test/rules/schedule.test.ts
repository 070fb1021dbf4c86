import test from 'ava'
import type { RuleKey } from '#host/cell/cell.ts'
import { Schedule, type ScheduleOptions } from '#host/rules/schedule.ts'
import { Scheduler } from '#host/rules/scheduler.ts'

const minute = 60_000
const none: ScheduleOptions = { cron: '', durationMs: 0, cronDatetimeRange: [] }

function phaseAt(time: string, options: Partial<ScheduleOptions>, zone = 'UTC') {
  const phase = Schedule.of({ ...none, ...options }, zone)?.at(Date.parse(time))
  const until = phase?.until === undefined ? undefined : new Date(phase.until).toISOString()
  return { ...phase, until }
}

test('a cron with a duration runs from each of its times for so long', (t) => {
  const options = { cron: '0 8 * * *', durationMs: 30 * minute }
  t.deepEqual(phaseAt('2026-03-02T07:59:59.999Z', options), {
    isActive: false,
    until: '2026-03-02T08:00:00.000Z',
  })
  for (const time of ['2026-03-02T08:00:00.000Z', '2026-03-02T08:29:59.999Z']) {
    t.deepEqual(phaseAt(time, options), {
      isActive: true,
      until: '2026-03-02T08:30:00.000Z',
      reason: 'duration terminated',
    })
  }
  t.deepEqual(phaseAt('2026-03-02T08:30:00.000Z', options), {
    isActive: false,
    until: '2026-03-03T08:00:00.000Z',
  })
})

test('cron is read in the time zone, over a change of its clocks', (t) => {
  const options = { cron: '30 8 * * *', durationMs: minute }
  const next = (time: string) => phaseAt(time, options, 'Europe/Berlin').until
  t.is(next('2026-03-28T12:00:00Z'), '2026-03-29T06:30:00.000Z')
  t.is(next('2026-03-27T12:00:00Z'), '2026-03-28T07:30:00.000Z')
})

test('ranges alone are one long run each, written as text or as timestamps', (t) => {
  const cronDatetimeRange = [
    { begin: '2026-05-01 00:00:00', end: '2026-05-02 00:00:00' },
    { beginMs: Date.parse('2026-06-01T00:00:00Z'), endMs: Date.parse('2026-06-02T00:00:00Z') },
  ]
  const at = (time: string) => phaseAt(time, { cronDatetimeRange }, 'Asia/Tokyo')
  t.deepEqual(at('2026-04-30T14:59:59Z'), { isActive: false, until: '2026-04-30T15:00:00.000Z' })
  t.deepEqual(at('2026-04-30T15:00:00Z'), {
    isActive: true,
    until: '2026-05-01T15:00:00.000Z',
    reason: 'schedule terminated',
  })
  t.deepEqual(at('2026-05-05T00:00:00Z'), { isActive: false, until: '2026-06-01T00:00:00.000Z' })
  t.deepEqual(at('2026-06-02T00:00:00Z'), { isActive: false, until: undefined })
})

test('a cron within ranges runs only there; the end of a range ends the run', (t) => {
  const options = {
    cron: '0 * * * *',
    durationMs: 40 * minute,
    cronDatetimeRange: [{ begin: '2026-05-01 09:30:00', end: '2026-05-01 11:20:00' }],
  }
  t.is(phaseAt('2026-05-01T08:10:00Z', options).until, '2026-05-01T09:30:00.000Z')
  t.like(phaseAt('2026-05-01T09:30:00Z', options), {
    isActive: true,
    until: '2026-05-01T09:40:00.000Z',
    reason: 'duration terminated',
  })
  t.is(phaseAt('2026-05-01T09:45:00Z', options).until, '2026-05-01T10:00:00.000Z')
  t.like(phaseAt('2026-05-01T11:10:00Z', options), {
    isActive: true,
    until: '2026-05-01T11:20:00.000Z',
    reason: 'schedule terminated',
  })
  t.deepEqual(phaseAt('2026-05-01T11:20:00Z', options), { isActive: false, until: undefined })
})

test('runs that are longer than the time between them are one', (t) => {
  const options = { cron: '@every 1m', durationMs: 2 * minute }
  t.like(phaseAt('2026-05-01T11:20:30Z', options), { isActive: true })
  t.like(phaseAt('2026-05-01T11:21:00Z', options), { isActive: true })
})

test('what is no schedule is refused', (t) => {
  const refused = (options: Partial<ScheduleOptions>) =>
    t.throws(() => Schedule.of({ ...none, ...options }, 'UTC'), { code: 'bad-option' })?.message
  t.is(refused({ durationMs: 1 }), 'option duration needs option cron beside it')
  t.regex(refused({ cron: '61 * * * *', durationMs: 1 }) ?? '', /^option cron "61 \* \* \* \*": /)
  t.is(
    refused({ cron: '@every 1', durationMs: 1 }),
    'option cron "@every 1": write a time such as 1h or 90s',
  )
  t.is(Schedule.of(none, 'UTC'), undefined)
})

test('a clock that is set forward or back is noticed at the next look, in both directions', async (t) => {
  const schedule = Schedule.of({ ...none, cron: '0 8 * * *', durationMs: minute }, 'UTC')
  if (schedule === undefined) return t.fail('no schedule')
  let now = Date.parse('2026-03-02T07:00:00Z')
  const heard: string[] = []
  let told = () => {}
  const hear = (what: string) => {
    heard.push(what)
    told()
  }
  const scheduler = new Scheduler({
    begin: ({ rule }: RuleKey) => hear(`begin ${rule}`),
    end: (_, reason) => hear(reason),
    now: () => now,
    napMs: 5,
  })
  const next = () =>
    new Promise<void>((resolve) => {
      told = resolve
    })
  t.false(scheduler.set({ tenant: 'default', rule: 'r' }, schedule).isActive)
  for (const time of ['08:00:30', '12:00:00', '08:00:30', '07:00:00']) {
    const change = next()
    now = Date.parse(`2026-03-02T${time}Z`)
    // the timer of a schedule alone holds no process
    const hold = setTimeout(() => {}, 10_000)
    await change
    clearTimeout(hold)
  }
  scheduler.close()
  t.deepEqual(heard, ['begin r', 'duration terminated', 'begin r', 'duration terminated'])
})
