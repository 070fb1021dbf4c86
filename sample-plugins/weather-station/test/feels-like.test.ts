import type { FunctionContext } from '@plutino/sdk'
import test from 'ava'
import { FeelsLike } from '../functions/feels-like.ts'

const feelsLike = (...args: unknown[]) => FeelsLike.exec(args, {} as FunctionContext)

test('humid air feels warmer, dry air cooler', (t) => {
  t.deepEqual(
    [
      [30, 80],
      [30, 20],
      [0, 50],
    ].map(([temperature, humidity]) => feelsLike(temperature, humidity)),
    [37.2, 28.8, -3],
  )
})

test('null in, null out', (t) => {
  t.deepEqual([feelsLike(null, 50), feelsLike(20, null)], [null, null])
})

test('a text is an error of the row', (t) => {
  t.throws(() => feelsLike('20', 50), {
    message: 'feelsLike needs two numbers, not string and number',
  })
})

test('another number of arguments refuses the rule', (t) => {
  t.throws(() => FeelsLike.validate?.([{}]), {
    message: 'feelsLike takes a temperature and a humidity, not 1 arguments',
  })
  t.notThrows(() => FeelsLike.validate?.([{}, {}]))
})
