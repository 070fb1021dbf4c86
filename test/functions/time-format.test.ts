import test from 'ava'
import fc from 'fast-check'
import { timeReader } from '#src/functions/time-format.ts'
import { timePattern } from '#src/functions/time-pattern.ts'
import { outcome } from './evaluate.ts'

const moment = Date.UTC(2024, 1, 29, 13, 45, 30, 123)

const formats: readonly (readonly [format: string, zone: string, text: string])[] = [
  ['yyyy-MM-dd HH:mm:ss.SSS', 'UTC', '2024-02-29 13:45:30.123'],
  ["yyyy-MM-dd'T'HH:mm:ssXXX", 'America/New_York', '2024-02-29T08:45:30-05:00'],
  ["yyyy-MM-dd'T'HH:mm:ssZ", 'Asia/Kolkata', '2024-02-29T19:15:30+0530'],
  ['yyyy-MM-dd HH:mm X', 'Asia/Shanghai', '2024-02-29 21:45 +08'],
  ['EEEE d MMMM yy', 'UTC', 'Thursday 29 February 24'],
  ['EEE, dd MMM YYYY h:m:s a', 'UTC', 'Thu, 29 Feb 2024 1:45:30 PM'],
  ["'it''s' hh 'o''clock' G", 'UTC', "it's 01 o'clock AD"],
  ["yyyy''MM", 'UTC', "2024'02"],
  ['\\y\\M YYYY', 'UTC', 'yM 2024'],
  ['SSSSSS z', 'UTC', '123000 UTC'],
  ['S', 'UTC', '1'],
]

for (const [format, zone, text] of formats) {
  test(`${format} shows a time in ${zone} as ${text}`, (t) => {
    t.is(timePattern(format).format(moment, zone), text)
  })
}

const texts: readonly (readonly [text: string, iso: string | undefined])[] = [
  ['2024-02-29T13:45:30.123Z', '2024-02-29T13:45:30.123Z'],
  ['2024-02-29T13:45:30.123456789+08:00', '2024-02-29T05:45:30.123Z'],
  ['2024-02-29T13:45:30-0530', '2024-02-29T19:15:30.000Z'],
  ['2024-02-29 13:45:30', '2024-02-29T13:45:30.000Z'],
  ['2024-02-29 13:45', '2024-02-29T13:45:00.000Z'],
  ['2024-2-9', '2024-02-09T00:00:00.000Z'],
  ['2024/02/29 1:2:3', '2024-02-29T01:02:03.000Z'],
  ['02/29/2024', '2024-02-29T00:00:00.000Z'],
  ['20240229', '2024-02-29T00:00:00.000Z'],
  ['20240229T134530Z', '2024-02-29T13:45:30.000Z'],
  ['Thu, 29 Feb 2024 13:45:30 GMT', '2024-02-29T13:45:30.000Z'],
  ['Thu Feb 29 13:45:30 2024', '2024-02-29T13:45:30.000Z'],
  ['Feb 29, 2024', '2024-02-29T00:00:00.000Z'],
  ['2023-02-29', undefined],
  ['2024-02-29 25:00', undefined],
  ['2024-13-01', undefined],
  ['soon', undefined],
  ['', undefined],
]

for (const [text, iso] of texts) {
  test(`the text "${text}" is ${iso ?? 'no time'}`, (t) => {
    const ms = timeReader(undefined, 'UTC')(text)
    t.is(ms === undefined ? undefined : new Date(ms).toISOString(), iso)
  })
}

test('a text without a zone is read in the zone of the rule', (t) => {
  t.is(timeReader(undefined, 'Asia/Shanghai')('2024-02-29 21:45:30'), moment - 123)
  t.is(timeReader('dd/MM/yyyy HH:mm', 'Asia/Shanghai')('29/02/2024 21:45'), moment - 30_123)
})

test('a text that is not of the format is no time', (t) => {
  t.is(timeReader('yyyy-MM-dd', 'UTC')('29/02/2024'), undefined)
  t.is(timeReader('dd/MM/yyyy', 'UTC')('31/02/2024'), undefined)
  t.is(timeReader('yyyy-MM-dd', 'UTC')('2024-02-29x'), undefined)
})

test('an unknown letter in a format is named, when the rule is created where it is a literal', (t) => {
  t.throws(() => timeReader('yyyy-qq', 'UTC'), { message: 'time format "qq" is not known' })
  t.deepEqual(outcome("format_time(t, 'qq')", { t: 0 }), {
    error: 'validate function format_time error: time format "qq" is not known (line 1, column 8)',
  })
})

test('what was formatted is parsed back to the same time, in any zone', (t) => {
  const zones = fc.constantFrom('UTC', 'Asia/Kolkata', 'America/New_York', 'Pacific/Apia')
  const times = fc.integer({ min: 0, max: 4e12 })
  const pattern = 'EEE yyyy-MM-dd HH:mm:ss.SSS XXX'
  fc.assert(
    fc.property(times, zones, (ms, zone) => {
      return timeReader(pattern, zone)(timePattern(pattern).format(ms, zone)) === ms
    }),
  )
  t.pass()
})

test('every part of a time is one of the zone of the rule', (t) => {
  const environment = {
    ruleId: 'r',
    startedAt: 0,
    timeZone: 'Asia/Shanghai',
    now: () => moment,
    props: {},
  }
  const at = (sql: string) => outcome(sql, { t: Date.UTC(2023, 11, 31, 20) }, { environment })
  t.deepEqual(
    ['hour(t)', 'day(t)', 'month(t)', 'day_of_year(t)', 'day_name(t)', 'last_day(t)'].map(at),
    [4, 1, 1, 1, 'Monday', '2024-01-31'],
  )
  t.is(at('cur_date()'), '2024-02-29')
  t.is(at('now(3)'), '2024-02-29 21:45:30.123')
  t.is(at("hour('2024-02-29T13:45:30Z')"), 21)
})
