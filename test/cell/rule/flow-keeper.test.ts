import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import type {
  ConnectorContext,
  SourceConnector,
  SourceEnd,
  SourceWriter,
} from '#host/cell/connectors/connector.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { cacheFolder, memoryEnvironment, workerEntry } from '#test/fixtures/cell/cells.ts'
import { sinks } from '#test/fixtures/cell/connectors.ts'
import {
  eventually,
  linesOf,
  numbersRule,
  outputFile,
  statusWhere,
} from '#test/fixtures/cell/rules.ts'

/** Fails when it has opened, and fails again while it is being opened for the second time. */
class FailingSource implements SourceConnector {
  readonly #life: number

  constructor(life: number) {
    this.#life = life
  }

  configure(): void {}

  async open(context: ConnectorContext, writer: SourceWriter, end: SourceEnd): Promise<void> {
    context.connection('connected')
    if (this.#life === 1) setTimeout(() => end.failed(new Error('failed once')), 20)
    if (this.#life === 2) {
      end.failed(new Error('failed while it was opened'))
      await sleep(200)
    }
    if (this.#life < 3) return
    const bytes = Buffer.from('here')
    writer.write(bytes, 0, bytes.length)
    writer.ring()
  }

  async close(): Promise<void> {}
}

test('a source that fails while its rule starts again leaves one worker, not two', async (t) => {
  const { environment } = memoryEnvironment()
  let lives = 0
  const type = { name: 'numbers', create: () => new FailingSource(++lives) }
  const cell = new LocalCell({
    environment,
    connectors: { sources: new Map([['numbers', type]]), sinks },
    cacheFolder,
    entries: { bare: workerEntry },
  })
  const file = await outputFile()
  const restart = { attempts: 9, delayMs: 10, multiplier: 1, maxDelayMs: 10, jitterFactor: 0 }
  await cell.deploy(numbersRule({ rule: 'a', sink: { path: file }, options: { restart } }))
  await eventually(
    () => linesOf(file),
    (lines) => lines.includes('here'),
  )
  await sleep(300)
  const status = await statusWhere(cell, 'a', ({ state }) => state === 'running')
  t.is(status?.restarts, 1)
  await cell.close()
})
