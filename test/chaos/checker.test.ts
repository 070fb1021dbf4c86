import test from 'ava'
import type { Mutant } from './mutants.ts'
import type { Plan } from './plan.ts'
import { playRound } from './round.ts'

interface Broken {
  readonly mutant: Mutant
  readonly plan: Partial<Plan>
  readonly shape: string
  readonly sink?: 'rest'
  readonly notices: RegExp
}

const killed = (at: number) => ({
  kind: 'kill host' as const,
  at,
  lasts: 0,
  rule: 'r1',
  jumpMs: 0,
})

const broken: readonly Broken[] = [
  {
    mutant: 'a sink drops a payload',
    plan: { origin: 'file', rows: 200 },
    shape: 'copy',
    notices: /rows are missing/,
  },
  {
    mutant: 'a sink sends a payload again under another key',
    plan: { origin: 'file', rows: 400 },
    shape: 'copy',
    sink: 'rest',
    notices: /came more than once/,
  },
  {
    mutant: 'a source acknowledges before the disk has it',
    plan: { origin: 'httppush', rows: 1000, events: [killed(500), killed(2500)] },
    shape: 'copy',
    notices: /rows are missing/,
  },
  {
    mutant: 'a checkpoint is said to be kept and is not',
    plan: { origin: 'httppush', rows: 600, events: [killed(900)] },
    shape: 'analytic',
    notices: /rows are missing|instead of|is wrong|came more than once/,
  },
]

const rule = { id: 'r1', qos: 2, checkpointMs: 150, isChained: false } as const

for (const { mutant, plan, shape, sink = 'file', notices } of broken) {
  test.serial(`a round of chaos notices a host in which ${mutant}`, async (t) => {
    t.timeout(240_000)
    const rules: Plan['rules'] = [{ ...rule, shape, sinks: [{ type: sink, props: {} }] }]
    const whole: Plan = {
      seed: 1,
      origin: 'file',
      isShared: false,
      rows: 200,
      burstMs: 60,
      troubles: {},
      rules,
      events: [],
      ...plan,
    }
    const result = await playRound(1, { plan: whole, mutant, patienceMs: 15_000 })
    t.log(result.faults[0])
    t.regex(result.faults.join('\n'), notices)
  })
}
