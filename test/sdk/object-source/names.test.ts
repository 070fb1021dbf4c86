import { ObjectNamePattern, ObjectSourceError, Template } from '@plutino/sdk/object-source'
import test from 'ava'

const M = undefined
type Row = readonly [
  string,
  string,
  string,
  string | undefined,
  number | undefined,
  bigint | undefined,
]
const vectors: readonly Row[] = [
  ['J31', '{{topic}}-1.txt', 'logs-1.txt', 'logs', M, M],
  ['J32', '{{topic}}-{{partition}}.txt', 'logs-1.txt', 'logs', 1, M],
  ['J32', '{{topic}}-{{partition}}.txt', 'logs2-1.txt', 'logs2', 1, M],
  ['J33', '{{topic}}-{{partition}}-{{start_offset}}.txt', 'logs2-1-1-0001.txt', 'logs2-1', 1, 1n],
  ['J34', '{{topic}}-{{start_offset}}-{{partition}}.txt', 'logs2_1-0001-1.txt', 'logs2_1', 1, 1n],
  [
    'J34',
    '{{topic}}-{{start_offset}}-{{partition}}.txt',
    'logs2.1-0001-00000001.txt',
    'logs2.1',
    1,
    1n,
  ],
  ['J34', '{{topic}}-{{start_offset}}-{{partition}}.txt', 'logs2-0001-1.txt', 'logs2', 1, 1n],
  ['J35', '{{topic}}-{{start_offset}}-{{partition}}.txt', 'logs2-99999-1.txt', 'logs2', 1, 99999n],
  [
    'J35',
    '{{topic}}-{{start_offset}}-{{partition}}.txt',
    'logs2-99999-0001.txt',
    'logs2',
    1,
    99999n,
  ],
  ['J36', '{{partition}}-{{start_offset}}-{{topic}}.txt', 'logs2-1-logs2.txt', 'logs2', 2, 1n],
  ['J36', '{{partition}}-{{start_offset}}-{{topic}}.txt', 'logs0002-01-logs2.txt', 'logs2', 2, 1n],
  ['J36', '{{partition}}-{{start_offset}}-{{topic}}.txt', 'logs002-1-logs2.txt', 'logs2', 2, 1n],
  [
    'J37',
    '{{partition}}-{{start_offset}}-{{topic}}.txt',
    'logs2-9223372036854775807-logs2.txt',
    'logs2',
    2,
    9_223_372_036_854_775_807n,
  ],
  [
    'J37',
    '{{partition}}-{{start_offset}}-{{topic}}.txt',
    'logs2-8273685692-logs2.txt',
    'logs2',
    2,
    8_273_685_692n,
  ],
  [
    'J38',
    'topic/{{topic}}/partition/{{partition}}/startOffset/{{start_offset}}',
    'topic/logs0002-12_2.topic/partition/000001/startOffset/432342322/file.txt',
    'logs0002-12_2.topic',
    1,
    432_342_322n,
  ],
  [
    'J39',
    '{{topic}}/{{partition}}/{{start_offset}}',
    'logs0002/01/4323422/file.txt',
    'logs0002',
    1,
    4_323_422n,
  ],
  ['J40', '{{topic}}{{partition}}-{{start_offset}}', '89521-00112.gz', '8952', 1, 112n],
  ['J40', '{{topic}}-{{partition}}', 'DEV_team_1-00112.gz', 'DEV_team_1', 112, M],
  [
    'J40',
    '{{topic}}-{{timestamp}}-{{timestamp}}-{{timestamp}}-{{partition}}-{{start_offset}}',
    'logs1-2022-10-02-10-00112.gz',
    'logs1',
    10,
    112n,
  ],
  [
    'E24',
    '{{topic}}-{{partition}}-{{start_offset}}',
    '22-10-12/customer-topic-1-1734445664111.txt',
    '22',
    10,
    12n,
  ],
  ['E25', '{{topic}}-{{partition}}.txt', 'logs-12345678901.txt', 'logs', M, M],
  ['E26', '{{ topic }}-{{partition:padding=true}}.txt', 'logs-0007.txt', 'logs', 7, M],
]

for (const [id, template, name, topic, partition, startOffset] of vectors) {
  test(`${id}: ${template} on ${name}`, (t) => {
    t.deepEqual(new ObjectNamePattern(template).match(name), { topic, partition, startOffset })
  })
}

test('J41: malformed names give no context', (t) => {
  const pattern = new ObjectNamePattern('{{topic}}-{{partition}}-{{start_offset}}')
  for (const name of [
    'no-separator.gz',
    'logs1-00112.gz',
    'logs-2023-one-00112.gz',
    'logs_1_00112',
    '',
  ]) {
    t.is(pattern.match(name), undefined, name)
  }
  t.is(new ObjectNamePattern('logs-{{partition}}\\.gz').match('log-1.gz'), undefined)
})

test('J42, J43: paths that are not configured give no context', (t) => {
  const pattern = new ObjectNamePattern('topics/{{topic}}/{{partition}}/.*$')
  for (const path of [
    'topics/logs/one/test-001.txt',
    'topcs/logs/0/logs-0-0002.txt',
    'topics/logs/1',
    'S3/logs/2/logs-2-0002.txt',
    'topics/log/s3.txt',
  ]) {
    t.is(pattern.match(path), undefined, path)
  }
})

test('E26: an unknown variable or parameter is refused when it is configured', (t) => {
  for (const template of ['{{nope}}', '{{partition:qwe=true}}', '{{topic:padding=true}}']) {
    t.throws(() => new ObjectNamePattern(template), {
      code: 'configuration',
      message: /supported are/,
    })
  }
})

test('E27: "*.gz" and a topic twice are errors when they are configured', (t) => {
  for (const template of ['*.gz', '{{topic}}-{{topic}}']) {
    t.throws(() => new ObjectNamePattern(template), {
      instanceOf: ObjectSourceError,
      code: 'configuration',
      message: /no regular expression/,
    })
  }
})

test('J65: an unsupported parameter is an error that lists the supported sets', (t) => {
  t.throws(() => new ObjectNamePattern('{{partition:qwe=true}}'), {
    message: /"partition:qwe=true".*partition:padding=true\|false/,
  })
})

test('J66: names, blanks, tabs, underscores and parameters parse', (t) => {
  const cases = ['{{foo}}', '{{ foo }}', '{{\tfoo\t}}', '{{ _ }}', '{{foo_bar}}', '{{foo:tt=true}}']
  t.deepEqual(
    cases.map((text) => new Template(text).variables),
    [['foo'], ['foo'], ['foo'], ['_'], ['foo_bar'], ['foo']],
  )
  t.deepEqual(new Template('{{foo:tt=true}}').parts[0]?.parameter, { name: 'tt', value: 'true' })
})

for (const [text, message] of [
  ['{{}}', /a variable has no name/],
  ['{{foo:}}', /the parameter of "foo" is not defined/],
  ['{{:foo=bar}}', /a variable has no name/],
  ['{{foo:tt=}}', /parameter "tt" of "foo" has no value/],
  ['{{foo:=bar}}', /the parameter of "foo" has no name/],
] as const) {
  test(`J66: ${text} is an error with its own message`, (t) => {
    t.throws(() => new Template(text), { code: 'configuration', message })
  })
}

test('J67: what is not closed is text, an unbound variable stays as written, a repeated one must repeat', (t) => {
  for (const text of ['{{ aaa', '{{ { }}', 'plain'])
    t.is(new Template(text).render({ aaa: 'x' }), text)
  t.is(new Template('a-{{ x }}-{{y}}').render({ x: '1' }), 'a-1-{{y}}')
  const twice = new Template('{{a}}-{{b}}-{{a}}')
  t.deepEqual(twice.extract('1-2-1'), { a: '1', b: '2' })
  t.is(twice.extract('1-2-3'), undefined)
})
