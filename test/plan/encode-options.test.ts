import test from 'ava'
import { encodeOptions } from '#src/plan/encode-options.ts'
import { RuleError } from '#src/plan/errors.ts'

test('an action that says nothing gets JSON, one payload per emission', (t) => {
  t.deepEqual(encodeOptions('log', { topic: 'anything of the sink itself' }), {
    format: 'json',
    sendSingle: false,
    omitIfEmpty: false,
    fields: undefined,
    excludeFields: undefined,
    delimiter: ',',
    hasHeader: false,
  })
})

test('what an action says is taken', (t) => {
  const props = {
    format: 'Delimited',
    sendSingle: true,
    omitIfEmpty: true,
    fields: ['a', 'b'],
    excludeFields: [],
    delimiter: ';',
    hasHeader: true,
  }
  t.deepEqual(encodeOptions('file', props), {
    ...props,
    format: 'delimited',
    excludeFields: undefined,
  })
})

const refused = test.macro({
  exec(t, props: Record<string, unknown>, message: string) {
    const error = t.throws(() => encodeOptions('mqtt', props), { instanceOf: RuleError })
    t.is(error?.message, message)
  },
  title: (_, _props, message) => String(message),
})

test(
  refused,
  { sendSingle: 'yes' },
  'action mqtt: sendSingle cannot be "yes"; expected true or false',
)
test(
  refused,
  { fields: 'a' },
  'action mqtt: fields cannot be "a"; expected an array of column names',
)
test(
  refused,
  { fields: ['a'], excludeFields: ['b'] },
  'action mqtt: fields and excludeFields cannot be used together; keep one of them',
)
test(refused, { format: 'jsn' }, 'action mqtt: format cannot be "jsn"; did you mean "json"?')
test(
  refused,
  { format: 'protobuf' },
  'action mqtt: format protobuf is not supported yet; there are json, delimited, binary, urlencoded',
)
test(refused, { dataTemplate: 'x\n{{.a' }, 'action mqtt: dataTemplate: line 2: {{ without }}')
test(
  refused,
  { format: 'urlencoded' },
  'action mqtt: format urlencoded sends one row at a time; add "sendSingle": true',
)
test(
  refused,
  { format: 'binary', batchSize: 10 },
  'action mqtt: payloads of format binary cannot be put together in a batch; leave out batchSize and lingerInterval',
)
test(
  refused,
  { compression: 'gzp' },
  'action mqtt: compression cannot be "gzp"; did you mean "gzip"?',
)
