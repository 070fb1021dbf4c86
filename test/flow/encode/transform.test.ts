import test from 'ava'
import { parseTemplate } from '#src/template/parse.ts'
import { columns, payloadsOf, type Setting } from './payloads.ts'

const template = (text: string) => ({ template: parseTemplate(text) })
const rows = [{ a: 1, t: 'x y' }, { a: 2 }]
const output = columns(['a', 't'])

test('the text that dataTemplate makes is the payload', (t) => {
  const setting = { ...template('{"v":{{.a}}}'), sendSingle: true, output }
  t.deepEqual(payloadsOf(rows, setting), ['{"v":1}', '{"v":2}'])
  t.deepEqual(payloadsOf(rows, { ...template('no JSON: {{.t}}'), sendSingle: true }), [
    'no JSON: x y',
    'no JSON: <no value>',
  ])
})

test('without sendSingle a template sees an array, of all rows of a window', (t) => {
  const each = template('{{range .}}{{.a}};{{end}}')
  t.deepEqual(payloadsOf(rows, { ...each, output }), ['1;', '2;'])
  t.deepEqual(payloadsOf(rows, { ...each, output, emitsBatches: true }), ['1;2;'])
})

test('a template does not see columns that are not for the sinks', (t) => {
  const setting: Setting = { ...template('{{json .}}'), sendSingle: true, hidden: ['t'] }
  t.deepEqual(payloadsOf(rows, setting), ['{"a":1}', '{"a":2}'])
})

test('a time is a text to a template, a large integer keeps its digits', (t) => {
  const made = columns(['at'], { type: 'datetime' })
  const setting = { ...template('{{json .}}'), sendSingle: true }
  t.deepEqual(payloadsOf([{ at: 0 }], { ...setting, output: made }), [
    '{"at":"1970-01-01T00:00:00.000Z"}',
  ])
  t.deepEqual(payloadsOf([{ n: 9007199254740993n }], setting), ['{"n":9007199254740993}'])
})

test('dataField sends a column instead of the row', (t) => {
  const setting = { dataField: 'o', output: columns(['o']) }
  const nested = [{ o: { k: 3, n: { m: 4 } } }]
  t.deepEqual(payloadsOf(nested, { ...setting, sendSingle: true }), ['{"k":3,"n":{"m":4}}'])
  t.deepEqual(payloadsOf(nested, setting), ['{"k":3,"n":{"m":4}}'])
  t.deepEqual(payloadsOf([{ o: [{ k: 1 }, { k: 2 }] }], { ...setting, sendSingle: true }), [
    '[{"k":1},{"k":2}]',
  ])
  t.deepEqual(payloadsOf([{ o: 5 }], { ...setting, sendSingle: true }), ['5'])
})

test('the template comes first, then dataField, then fields and the format', (t) => {
  const setting: Setting = {
    ...template('{"in":{"a":{{.a}},"b":"q"}}'),
    dataField: 'in',
    fields: ['b', 'a'],
    sendSingle: true,
  }
  t.deepEqual(payloadsOf(rows, setting), ['{"b":"q","a":1}', '{"b":"q","a":2}'])
  t.deepEqual(payloadsOf(rows, { ...setting, format: 'delimited' }), ['q,1', 'q,2'])
})

test('a row that a template fails for is left out and told', (t) => {
  const errors: unknown[] = []
  const rowError = (error: unknown) => errors.push((error as Error).message)
  const half = { ...template('{{div 6 .a}}'), sendSingle: true, rowError }
  t.deepEqual(payloadsOf([{ a: 2 }, { a: 0 }, { a: 3 }], half), ['3', '2'])
  const notJson = { ...template('{{.a'.concat('}}x')), dataField: 'b', sendSingle: true, rowError }
  t.deepEqual(payloadsOf([{ a: 1 }], notJson), [])
  t.deepEqual(payloadsOf([{ a: 1 }], { dataField: 'b', sendSingle: true, rowError }), [])
  t.deepEqual(errors, [
    'divided by zero',
    'what dataTemplate makes is no JSON: 1x',
    'dataField b is not in the row',
  ])
})

test('omitIfEmpty sends no row without columns, whatever the template', (t) => {
  const setting = { ...template('{{json .}}'), sendSingle: true, omitIfEmpty: true }
  t.deepEqual(payloadsOf([{}, { a: 1 }], setting), ['{"a":1}'])
})

test('urlencoded: keys in order, a key for each value of an array, everything else in percent', (t) => {
  const setting = { format: 'urlencoded', sendSingle: true } as const
  const row = { c: 'x y&z', a: 1, l: [1, 'ü'], o: { k: true }, none: null, "q'": '(!)' }
  const text = 'a=1&c=x+y%26z&l=1&l=%C3%BC&o=%7B%22k%22%3Atrue%7D&q%27=%28%21%29'
  t.deepEqual(payloadsOf([row], setting), [text])
  const made = columns(['c', 'a', 'l', 'o', 'none', "q'"])
  t.deepEqual(payloadsOf([row], { ...setting, output: made }), [text])
})
