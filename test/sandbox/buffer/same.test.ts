import test from 'ava'
import { pluginBuffer } from '#src/sandbox/buffer/plugin-buffer.ts'
import { MAX_ALLOCATION_BYTES } from '#src/worker/caps.ts'
import { outcome, randomCall, randomOf } from './calls.ts'

const Ours = pluginBuffer(MAX_ALLOCATION_BYTES) as typeof Buffer

const CALLS = 60_000
const SHOWN = 5

test('a plugin’s Buffer answers as the one of Node: the same bytes, the same kinds and codes of errors', (t) => {
  const seed = Number(process.env.SEED ?? 1 + Math.floor(Math.random() * 1e9))
  const random = randomOf(seed)
  const different: string[] = []
  let threw = 0
  for (let i = 0; i < CALLS; i++) {
    const { name, call } = randomCall(random)
    const wanted = outcome(Buffer, call)
    const found = outcome(Ours, call)
    if (wanted.startsWith('throws')) threw++
    if (wanted !== found)
      different.push(`${name}: ${wanted.slice(0, 150)} | ${found.slice(0, 150)}`)
  }
  const few = different.slice(0, SHOWN)
  t.deepEqual(few, [], `${different.length} of ${CALLS} calls differ, seed ${seed}`)
  t.true(threw > 0.1 * CALLS && threw < 0.6 * CALLS, `${threw} calls threw`)
})

test('it has every name that Node’s has', (t) => {
  const all = (owner: object) => Object.getOwnPropertyNames(owner)
  t.deepEqual(
    all(Buffer.prototype).filter((name) => !(name in Ours.prototype)),
    [],
  )
  t.deepEqual(
    all(Buffer).filter((name) => !(name in Ours)),
    [],
  )
})
