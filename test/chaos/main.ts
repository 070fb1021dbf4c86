import { parseArgs } from 'node:util'
import type { Counts } from './events.ts'
import { type Mutant, mutants } from './mutants.ts'
import { playRound, type RoundResult } from './round.ts'

/*
 * npm run chaos -- --minutes 60 [--seed FIRST]   rounds, one after the other, with the seeds that follow
 * npm run chaos -- --seed N [--times 5]          one seed again
 * --keep leaves the folder of a round that failed; --mutant NAME breaks the host on purpose
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string' },
    times: { type: 'string' },
    mutant: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})

const mutant = mutants.find((name) => name === values.mutant)
if (values.mutant !== undefined && mutant === undefined) {
  throw new Error(`no mutant "${values.mutant}"; there are: ${mutants.join('; ')}`)
}
const counts: Counts = {}
const failed: number[] = []
let rounds = 0

async function play(seed: number): Promise<void> {
  const result = await playRound(seed, {
    mutant: mutant satisfies Mutant | undefined,
    isKept: values.keep,
  })
  rounds++
  report(result)
}

function report({ seed, plan, faults, events, ms, folder }: RoundResult): void {
  for (const [kind, times] of Object.entries(events)) {
    const name = kind as keyof Counts
    counts[name] = (counts[name] ?? 0) + times
  }
  const mark = faults.length === 0 ? 'right' : 'WRONG'
  console.log(`${mark} seed ${seed} in ${(ms / 1000).toFixed(1)} s: ${plan}`)
  if (faults.length === 0) return
  failed.push(seed)
  for (const fault of faults) console.log(`      ${fault}`)
  if (values.keep) console.log(`      kept in ${folder}`)
}

if (values.minutes === undefined && values.seed !== undefined) {
  for (let i = 0; i < Number(values.times ?? 1); i++) await play(Number(values.seed))
} else {
  const end = performance.now() + Number(values.minutes ?? 4) * 60_000
  let seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
  while (performance.now() < end) await play(seed++)
}
const list = Object.entries(counts).map(([kind, times]) => `${times} ${kind}`)
console.log(`${rounds} rounds; ${list.join(', ')}`)
if (failed.length > 0) {
  console.log(`wrong: ${failed.map((seed) => `npm run chaos -- --seed ${seed}`).join('; ')}`)
  process.exitCode = 1
}
