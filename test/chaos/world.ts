import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '#test/fixtures/ports.ts'
import { SmallDisk } from '#test/fixtures/small-disk.ts'
import { type Control, calm, writeControl } from './control.ts'
import { type Feeder, HttpFeeder, MqttFeeder } from './feeder.ts'
import { HostKeeper } from './host-keeper.ts'
import { Mosquitto } from './mosquitto.ts'
import type { Mutant } from './mutants.ts'
import type { Plan, RulePlan } from './plan.ts'
import { Receiver } from './receiver.ts'
import type { InputRow } from './rows.ts'
import { define, fileOf, outputOf, type Place, ruleBodies } from './setup.ts'
import type { Line } from './shapes.ts'
import { shapes } from './shapes.ts'

/** Everything real that one round needs: the host, a broker, a receiver, a small disk. */
export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'plutino-chaos-'))
  readonly receiver = new Receiver()
  readonly host: HostKeeper
  readonly #plan: Plan
  broker: Mosquitto | undefined
  disk: SmallDisk | undefined
  feeder: Feeder | undefined
  #control: Control = calm
  #place: Place | undefined
  readonly #editions = new Map<string, number>()
  readonly dropped = new Set<string>()

  constructor(plan: Plan, mutant?: Mutant) {
    this.#plan = plan
    this.host = new HostKeeper(this.folder, mutant)
  }

  /** Up to the point where the rules wait for rows. */
  async open(rows: readonly InputRow[]): Promise<void> {
    const { origin, events, rules } = this.#plan
    await this.receiver.start()
    if (events.some(({ kind }) => kind === 'disk full')) {
      this.disk = SmallDisk.mount(join(this.folder, 'data'), 32 << 20)
    }
    if (origin.startsWith('mqtt')) {
      this.broker = await Mosquitto.create(this.folder)
      await this.broker.start()
    }
    const pushPort = await freePort()
    await this.host.start()
    const place: Place = {
      folder: this.folder,
      host: this.host,
      pushPort,
      brokerUrl: this.broker?.url ?? '',
      urlOf: (output) => this.receiver.urlOf(output),
    }
    this.#place = place
    await define(place, this.#plan, rows)
    for (const rule of rules) {
      for (const body of ruleBodies(place, rule, 0)) await this.host.send('POST', '/rules', body)
      await this.#runs(rule)
    }
    if (origin === 'httppush') this.feeder = new HttpFeeder(`http://127.0.0.1:${pushPort}/in`)
    if (this.broker !== undefined) {
      await this.#sourcesConnected()
      this.feeder = await MqttFeeder.connect(this.broker.url)
    }
  }

  set(change: Partial<Control>): void {
    this.#control = { ...this.#control, ...change }
    writeControl(join(this.folder, 'control.json'), this.#control)
  }

  get control(): Control {
    return this.#control
  }

  /** The same rule with another column. */
  async update(rule: RulePlan): Promise<void> {
    const edition = (this.#editions.get(rule.id) ?? 0) + 1
    this.#editions.set(rule.id, edition)
    const [body] = this.#place === undefined ? [] : ruleBodies(this.#place, rule, edition)
    await this.host.send('PUT', `/rules/${rule.id}`, body)
  }

  /** With the one before it. */
  async drop(rule: RulePlan): Promise<void> {
    this.dropped.add(rule.id)
    for (const id of idsOf(rule)) {
      await this.host.send('DELETE', `/rules/${id}`).catch((error: Error) => {
        // asked again after the host died, it may be done
        if (!error.message.includes(': 404 ')) throw error
      })
    }
  }

  async statusOf(id: string): Promise<Readonly<Record<string, unknown>>> {
    return (await this.host.send('GET', `/rules/${id}/status`)) as Record<string, unknown>
  }

  outputOf(rule: RulePlan, action: number): readonly Line[] {
    if (rule.sinks[action]?.type === 'rest') {
      return this.receiver.linesOf(outputOf(rule.id, action))
    }
    const path = fileOf(this.folder, rule.id, action)
    if (!existsSync(path)) return []
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
    return lines.flatMap((line) => JSON.parse(line))
  }

  /** Rows that the host has put away by name, because they killed their worker. */
  setAsideBy(rule: RulePlan): readonly InputRow[] {
    return idsOf(rule).flatMap((id) => {
      const path = join(this.folder, 'data', 'set-aside', 'default', `${id}.jsonl`)
      if (!existsSync(path)) return []
      const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
      return lines.map((line) =>
        JSON.parse(Buffer.from(JSON.parse(line).payload, 'base64').toString()),
      )
    })
  }

  async close(isKept = false): Promise<void> {
    await this.feeder?.close().catch(() => {})
    await this.host.destroy()
    await this.broker?.stop()
    this.receiver.close()
    this.disk?.unmount()
    if (!isKept) rmSync(this.folder, { recursive: true, force: true })
  }

  async #runs(rule: RulePlan): Promise<void> {
    for (const id of idsOf(rule)) {
      const { status, message } = await this.statusOf(id)
      const isDone = status === 'stopped' && message === 'done'
      if (status !== 'running' && !isDone) throw new Error(`${id} is ${status}: ${message}`)
    }
  }

  async #sourcesConnected(): Promise<void> {
    const readers = this.#plan.rules.map(({ id, isChained }) => (isChained ? `${id}-head` : id))
    for (let i = 0; i < 600; i++) {
      const all = await Promise.all(readers.map((id) => this.statusOf(id)))
      const figures = all.flatMap((status) => Object.entries(status))
      const states = figures.filter(([name]) => /^source_rows_.*connection_status$/.test(name))
      if (states.length >= readers.length && states.every(([, value]) => value === 1)) return
      await sleep(50)
    }
    throw new Error('the sources were not connected within 30 s')
  }
}

export function idsOf({ id, isChained }: RulePlan): readonly string[] {
  return isChained ? [`${id}-head`, id] : [id]
}

export function shapeOf({ shape }: RulePlan) {
  const found = shapes[shape]
  if (found === undefined) throw new RangeError(`no shape ${shape}`)
  return found
}
