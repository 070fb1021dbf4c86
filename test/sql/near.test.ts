import test from 'ava'
import { nearest } from '#src/sql/near.ts'

const known = ['temperature', 'humidity', 'deviceId', 'ts', 'count']

test('finds the name a typing error meant, whatever the case', (t) => {
  t.is(nearest('temprature', known), 'temperature')
  t.is(nearest('HUMIDTIY', known), 'humidity')
  t.is(nearest('deviceid', known), 'deviceId')
  t.is(nearest('cuont', known), 'count')
})

test('finds the name a typed start belongs to', (t) => {
  t.is(nearest('temp', known), 'temperature')
  t.is(nearest('hum', known), 'humidity')
})

test('suggests nothing when nothing is near', (t) => {
  t.is(nearest('pressure', known), undefined)
  t.is(nearest('x', []), undefined)
  t.is(nearest('zz', ['abcdef']), undefined)
})

test('prefers the nearest of several and the first of equals', (t) => {
  t.is(nearest('abs', ['acos', 'abs1', 'ab']), 'abs1')
  t.is(nearest('cat', ['bat', 'hat']), 'bat')
})

test('does not compare names of absurd length', (t) => {
  const long = 'a'.repeat(1_000_000)
  const before = performance.now()
  t.is(nearest(long, [long]), undefined)
  t.is(nearest('abc', [long]), undefined)
  t.true(performance.now() - before < 10_000)
})
