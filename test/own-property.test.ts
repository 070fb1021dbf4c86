import test from 'ava'
import { defineOwn, literalKey, setOwn } from '#src/own-property.ts'

const names = ['a', '__proto__', 'constructor', 'toString', '1', '', 'a"b', '\u2028', '\\']

for (const name of names) {
  test(`a name is that of a property of its own, whatever it is: ${JSON.stringify(name)}`, (t) => {
    const made = new Function(`return { ${literalKey(name)}: 5 }`)() as object
    const defined = {}
    defineOwn(defined, name, 5)
    const set = {}
    setOwn(set, name, 4)
    setOwn(set, name, 5)
    for (const object of [made, defined, set]) {
      t.deepEqual(Object.entries(object), [[name, 5]])
      t.is(Object.getPrototypeOf(object), Object.prototype)
      const described = Object.getOwnPropertyDescriptor(object, name)
      t.like(described, { writable: true, enumerable: true, configurable: true })
    }
  })
}

test('what a frozen prototype has is defined all the same', (t) => {
  const made = Object.create(Object.freeze({ name: 'theirs' })) as object
  defineOwn(made, 'name', 'ours')
  t.deepEqual(Object.entries(made), [['name', 'ours']])
})
