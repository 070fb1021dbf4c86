import {
  floorMod,
  javaStringHash,
  ObjectDistributionStrategy,
  ObjectNamePattern,
} from '@plutino/sdk/object-source'
import test from 'ava'
import fc from 'fast-check'

const hashed = (tasks: number) => new ObjectDistributionStrategy('object_hash', tasks)
const parted = (tasks: number) => new ObjectDistributionStrategy('partition', tasks)

for (const [name, hash, task] of [
  ['topic-00001-1741965423183.txt', -174862188, 0],
  ['topic-00001-1741965423180.txt', -177632751, 1],
  ['topic-00001-1741965423181.txt', -176709230, 2],
  ['topic-00001-1741965423182.txt', -175785709, 3],
] as const) {
  test(`J44: of 4 tasks ${name} belongs to task ${task} only`, (t) => {
    t.is(javaStringHash(name), hash)
    t.is(hashed(4).getTaskFor({ storageKey: name }), task)
  })
}

test('J45: of 4 tasks partition i belongs to task i only', (t) => {
  const context = (partition: number) => ({ storageKey: 'k', partition })
  t.deepEqual(
    [0, 1, 2, 3].map((i) => parted(4).getTaskFor(context(i))),
    [0, 1, 2, 3],
  )
})

test('J46, J47: without a storage key, without a partition, without a context no task takes it', (t) => {
  t.is(hashed(4).getTaskFor({}), -1)
  t.is(parted(4).getTaskFor({ storageKey: 'k' }), -1)
  t.is(hashed(4).getTaskFor(undefined), -1)
})

const names = [
  ...Array.from({ length: 10 }, (_, i) => `logs-${i}-0000.txt`),
  'image.png',
  'a name with blanks',
  'reallylongfilenamecreatedonS3tohavealongname.txt',
  'ünï.txt',
  '🦆',
]

test('J48, J49, J50: the answer is the same every time, also after the number of tasks changed', (t) => {
  const strategy = hashed(10)
  const ask = () => names.map((storageKey) => strategy.getTaskFor({ storageKey }))
  t.deepEqual(ask(), ask())
  strategy.configureDistributionStrategy(5)
  const after = ask()
  t.deepEqual(after, ask())
  t.true(after.every((task) => task >= 0 && task < 5))
})

for (const [value, task] of [
  [0, 0],
  [-1, 9],
  [-999, 1],
  [-2002020, 0],
  [-2147483648, 2],
] as const) {
  test(`J51: ${value} of 10 tasks is task ${task}`, (t) => {
    t.is(floorMod(value, 10), task)
  })
}

function taskOf(template: string, name: string, tasks: number): number {
  const parts = new ObjectNamePattern(template).match(name)
  return parted(tasks).getTaskFor(parts === undefined ? undefined : { storageKey: name, ...parts })
}

test('J52: logs-1-00112.gz of 2 tasks is task 1', (t) => {
  t.is(taskOf('{{topic}}-{{partition}}-{{start_offset}}', 'logs-1-00112.gz', 2), 1)
})

test('J53, J54, J55: by file name and by path partition N belongs to task N, of 5 tasks to N mod 5', (t) => {
  for (let n = 0; n < 10; n++) {
    const path = `topics/logs/${n}/logs-${n}-0002.txt`
    for (const template of [
      '{{topic}}-{{partition}}-{{start_offset}}',
      'topics/{{topic}}/{{partition}}/.*$',
    ]) {
      t.is(taskOf(template, path, 10), n)
      t.is(taskOf(template, path, 5), n % 5)
    }
  }
})

for (const [id, template, path] of [
  ['J56', 'bucket/topics/{{topic}}/{{partition}}/.*$', 'bucket/topics/topic-1/5/logs+5+0002.txt'],
  [
    'J57',
    'topics/{{topic}}/partition={{partition}}/.*$',
    'topics/logs/partition=5/logs+5+0002.txt',
  ],
] as const) {
  test(`${id}: partition 5 by ${template} of 1, 4, 3 and 5 tasks is task 0, 1, 2, 0`, (t) => {
    t.deepEqual(
      [1, 4, 3, 5].map((tasks) => taskOf(template, path, tasks)),
      [0, 1, 2, 0],
    )
  })
}

test('E28: 0 or -1 tasks is an error at construction and when it changes', (t) => {
  for (const tasks of [0, -1, 1.5]) {
    t.throws(() => hashed(tasks), { code: 'configuration', message: /at least 1/ })
    t.throws(() => hashed(3).configureDistributionStrategy(tasks), { code: 'configuration' })
  }
})

test('E29: whatever the names and the number of tasks, every object is taken by exactly one', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary' })),
      fc.integer({ min: 1, max: 64 }),
      (keys, tasks) =>
        keys.every((storageKey) => {
          const takers = Array.from({ length: tasks }, (_, task) => task).filter(
            (task) => hashed(tasks).getTaskFor({ storageKey }) === task,
          )
          return takers.length === 1
        }),
    ),
  )
  t.pass()
})
