import { CsvTransformer, JsonArrayTransformer } from '@plutino/sdk/object-source'
import test from 'ava'
import { parse as parseCsv } from 'csv-parse/sync'
import fc from 'fast-check'
import { bodyOf, readAll, text } from './formats.ts'

const json = new JsonArrayTransformer()
const csv = new CsvTransformer()

test('E43: csv with quoted comma, quote and newline gives the right rows', async (t) => {
  const content = text('\ufeffa,b\r\n"1,2","say ""hi"""\r\n"x\ny",\n\nlast,3')
  for (const chunk of [1, 2, 5, 1000]) {
    t.deepEqual(await readAll(csv, bodyOf(content, chunk)), {
      values: [
        { a: '1,2', b: 'say "hi"' },
        { a: 'x\ny', b: '' },
        { a: 'last', b: '3' },
      ],
      errors: [],
    })
  }
})

test('csv: a row with too many values or a quote in it costs that row', async (t) => {
  const { values, errors } = await readAll(csv, bodyOf(text('a,b\n1,2\n1,2,3\nx"y,2\n5,6\n')))
  t.deepEqual(values, [
    { a: '1', b: '2' },
    { a: '5', b: '6' },
  ])
  t.deepEqual(
    errors.map(({ message }) => message),
    [
      'object "k", record 2: 3 values for 2 columns',
      'object "k", record 3: a quote within a field that is not quoted',
    ],
  )
})

test('csv rows are those of csv-parse, whatever is in them and wherever chunks end', async (t) => {
  const field = fc.string({
    unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'ü'),
    maxLength: 6,
  })
  const rows = fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 40 }), async (table, chunk) => {
      const quoted = table
        .map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(','))
        .join('\n')
      const expected = parseCsv(quoted, { columns: ['a', 'b', 'c'] })
      const { values } = await readAll(csv, bodyOf(text(quoted), chunk), { 'csv.columns': 'a,b,c' })
      t.deepEqual(values, expected)
    }),
    { numRuns: 100 },
  )
})

test('json: elements of an array come one by one, whatever is in their strings and wherever chunks end', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue()),
      fc.integer({ min: 1, max: 30 }),
      fc.nat(3),
      async (all, chunk, indent) => {
        const { values, errors } = await readAll(
          json,
          bodyOf(text(JSON.stringify(all, null, indent)), chunk),
          { longs: 'number' },
        )
        t.deepEqual([values, errors], [JSON.parse(JSON.stringify(all)), []])
      },
    ),
    { numRuns: 200 },
  )
})

test('json: a broken element costs that element, a broken array what is left', async (t) => {
  const read = (content: string, skip = 0) => readAll(json, bodyOf(text(content), 3), {}, skip)
  t.deepEqual((await read('[1, {x}, 3]')).values, [1, 3])
  t.deepEqual((await read('[1, 2, 3]', 2)).values, [3])
  t.deepEqual((await read('{"a": [1]}')).values, [{ a: [1] }])
  for (const [content, values] of [
    ['[1, 2', [1]],
    ['[1,,2]', [1]],
    ['[1] 2', [1]],
    ['[1,]', [1]],
  ] as const) {
    const result = await read(content)
    t.deepEqual(result.values, values, content)
    t.is(result.errors.at(-1)?.code, 'broken-object', content)
  }
})
