import test, { type ExecutionContext } from 'ava'
import { makeDefinition } from '#src/plan/definitions.ts'
import { windowNames } from '#src/plan/windows.ts'
import { optionKeys } from '#src/sql/options.ts'
import { parseStatement, parseStatements } from '#src/sql/parse.ts'
import { collect, payloads } from '#test/flow/rule.ts'
import { feedsAt, flowOfStreams, planStreams } from '#test/flow/streams.ts'
import { outcome } from '#test/functions/evaluate.ts'
import { codeIn, type PageBlock, readPage, tableRows } from './page.ts'

const page = readPage('sql.md')
const blocks = page.blocks.filter(({ language }) => language === 'sql')
const streams = statementsIn(blocks[0]?.text ?? '').filter((text) => /^CREATE /.test(text))

function statementsIn(text: string): string[] {
  return text.split(/;\n/).filter((statement) => statement.trim() !== '')
}

/** Rule options that a block names behind its language. */
function optionsOf({ info }: PageBlock): Record<string, true> {
  return Object.fromEntries(info.split(' ').flatMap((name) => (name === '' ? [] : [[name, true]])))
}

interface Step {
  readonly time: number
  readonly from: string | undefined
  readonly payload: unknown
  readonly emissions: unknown[]
}

/** `1000 demo {…}`, or a time alone, and behind it what is emitted then: `→ […]`. */
function stepsOf(text: string): Step[] {
  const steps: Step[] = []
  for (const line of text.trim().split('\n')) {
    const emission = /^→ (.*)$/.exec(line)?.[1]
    const [, time, from, payload] = /^(\d+)(?: (\w+) (.*))?$/.exec(line) ?? []
    if (emission !== undefined) steps.at(-1)?.emissions.push(JSON.parse(emission))
    else if (time === undefined) throw new Error(`neither a row nor an emission: ${line}`)
    else {
      const row = payload === undefined ? undefined : JSON.parse(payload)
      steps.push({ time: Number(time), from, payload: row, emissions: [] })
    }
  }
  return steps
}

/** The same steps, with what the rule really emits. */
function played(sql: string, steps: readonly Step[], options: Record<string, unknown>): Step[] {
  const plan = planStreams(sql, { streams, options })
  const flow = flowOfStreams(plan)
  const counts = new Map<string, number>()
  return steps.map((step) => {
    const { from, payload, time } = step
    const sequence = (counts.get(from ?? '') ?? 0) + 1
    counts.set(from ?? '', sequence)
    const inputs = from === undefined ? [] : [{ from, payload, time, sequence }]
    const { emissions } = collect(flow, ...feedsAt(plan, inputs, time))
    return { ...step, emissions: payloads(emissions) }
  })
}

const shown = blocks.filter(({ expected }) => expected !== undefined)

for (const block of shown) {
  const sql = block.text.replace(/;\n$/, '')
  test(`emits what the page shows: ${sql.slice(0, 90)}`, (t) => {
    const steps = stepsOf(block.expected ?? '')
    t.true(steps.some(({ emissions }) => emissions.length > 0))
    t.deepEqual(played(sql, steps, optionsOf(block)), steps)
  })
}

function planned(t: ExecutionContext, sql: string): void {
  t.notThrows(() => planStreams(sql, { streams }), sql)
}

test('every statement on the page is understood, and every SELECT can be planned', (t) => {
  t.true(shown.length >= 12)
  let selects = 0
  for (const { text } of blocks) {
    t.notThrows(() => parseStatements(text), text)
    for (const statement of statementsIn(text)) {
      const parsed = parseStatement(statement)
      if (parsed.type === 'create') t.notThrows(() => makeDefinition(parsed), statement)
      if (parsed.type === 'select') planned(t, statement)
      if (parsed.type === 'select') selects++
    }
  }
  const prose = page.text.replace(/^```[\s\S]*?^```$/gm, '')
  const inline = codeIn(prose).filter((code) => /^SELECT .* FROM /.test(code))
  for (const code of inline) planned(t, code)
  t.true(selects >= 13 && inline.length >= 4)
})

test('every expression in the table of values gives what stands there', (t) => {
  const values = { text: page.text.slice(page.text.indexOf('## Values')), blocks: [] }
  const rows = tableRows(values).filter(([, over = '']) => /^`\{.*\}`$/.test(over))
  t.true(rows.length >= 14)
  for (const [expression = '', over = '', gives = ''] of rows) {
    const [sql = ''] = codeIn(expression)
    const value = outcome(sql, JSON.parse(codeIn(over)[0] ?? '')) ?? null
    const [said = ''] = codeIn(gives)
    if (!gives.startsWith('an error')) t.deepEqual(value, JSON.parse(said), sql)
    else t.deepEqual(value, { error: said }, sql)
  }
})

test('every window on the page can be planned, and no window is missing', (t) => {
  const rows = tableRows(page).map(([first = '']) => codeIn(first))
  const windows = rows.flat().filter((code) => /^[A-Z]+WINDOW\(/.test(code))
  const said = new Set(windows.map((code) => code.split('(')[0]?.toLowerCase()))
  t.deepEqual([...said].sort(), [...windowNames].sort())
  for (const code of windows) {
    const window = code.replace('(begin, emit)', '(v > 1, v < 1)').replace('(begin)', '(v > 1)')
    planned(t, `SELECT count(*) AS n FROM demo GROUP BY ${window}`)
  }
})

test('every option of WITH is on the page', (t) => {
  const named = new Set(tableRows(page).flatMap(([first = '']) => codeIn(first)))
  for (const key of optionKeys) t.true(named.has(key), key)
})
