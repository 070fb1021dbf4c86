// One rule of the harness: calls go in as rows of its stream, answers come back as rows of its action.
import { defaultTenant } from '#host/catalog/catalog.ts'

const LOOK_MS = 25

export class HostileRule {
  /** Why the host ended this rule's workers. */
  ended = []
  #options
  #waiting = new Map()
  #lastId = 0
  #messages = 0
  #timer
  #report = ''
  #isRevived = false
  #hasDied = false

  /** @param options `{ id, plugins, kind, lanes, cell, request, logs }` */
  constructor(options) {
    this.#options = options
  }

  async start() {
    const { id, lanes, logs } = this.#options
    lanes.read(`${id}-out`, (row) => this.#answered(row))
    logs.set(id, (text) => this.#logged(text))
    await this.#define()
    this.#timer = setInterval(() => void this.#look(), LOOK_MS)
    this.#timer.unref()
  }

  call(plugin, input) {
    const { id: topic, kind, lanes } = this.#options
    const id = ++this.#lastId
    const given = plain(input)
    const answer = new Promise((resolve, reject) => {
      this.#waiting.set(id, { plugin, input: given, resolve, reject, deaths: 0 })
    })
    if (plugin === 'attacker' && kind === 'source') void this.#startSource(id, given.probe)
    else if (this.#isSourceRule()) lanes.read(`${topic}-out`, (row) => this.#answered(row))
    else lanes.write(topic, { id, [`${plugin}Input`]: given })
    return answer
  }

  messages() {
    return this.#messages
  }

  async stop() {
    clearInterval(this.#timer)
    await this.#options.request('POST', `/rules/${this.#options.id}/stop`)
  }

  #isSourceRule() {
    const { kind, plugins } = this.#options
    return kind === 'source' && plugins.length > 1
  }

  async #define() {
    const { id, request, plugins, kind } = this.#options
    const key = plugins.find(({ name }) => name === 'neighbour')?.config.apiKey
    const isHostile = plugins.length > 1
    const neighbour = (input) => `neighbour(${input}, "${key}") AS neighbour`
    if (this.#isSourceRule()) {
      await request('PUT', '/metadata/sources/attacker/confKeys/waiting', {})
      await request('POST', '/streams', {
        sql: `CREATE STREAM ${id} () WITH (TYPE="attacker", FORMAT="JSON", CONF_KEY="waiting")`,
      })
      await this.#createRule(`SELECT report, ${neighbour('input')} FROM ${id}`, [])
      return
    }
    await request('POST', '/streams', {
      sql: `CREATE STREAM ${id} () WITH (DATASOURCE="${id}", FORMAT="JSON", TYPE="memory")`,
    })
    const columns = ['id', neighbour('neighbourInput')]
    if (isHostile && kind === 'function') columns.push('attacker(attackerInput, "") AS report')
    const isSink = isHostile && kind === 'sink'
    if (isSink) columns.push('attackerInput')
    await this.#createRule(
      `SELECT ${columns.join(', ')} FROM ${id}`,
      isSink ? [{ attacker: { sendSingle: true } }] : [],
    )
  }

  async #createRule(sql, actions) {
    const { id, request } = this.#options
    await request('POST', '/rules', {
      id,
      sql,
      actions: [...actions, { memory: { topic: `${id}-out` } }],
      options: { sendError: true, sendNilField: true },
    })
    await this.#until((status) => status.state === 'running')
  }

  /** A source attacks while it opens: the rule starts anew with the properties that tell it what there is to attack. */
  async #startSource(id, probe) {
    const { id: rule, request } = this.#options
    try {
      await request('PUT', '/metadata/sources/attacker/confKeys/waiting', { probe })
      await request('POST', `/rules/${rule}/restart`)
    } catch (error) {
      this.#settle(id, 'reject', error)
    }
  }

  #answered(row) {
    this.#messages++
    if (typeof row.error === 'string') {
      const [oldest] = this.#waiting.keys()
      this.#settle(oldest, 'reject', new Error(row.error))
      return
    }
    for (const [id, { plugin }] of this.#waiting) {
      if (row.id !== undefined && row.id !== id) continue
      const value = plugin === 'attacker' ? row.report : row.neighbour
      const isSinks = plugin === 'attacker' && this.#options.kind === 'sink'
      if (isSinks || (row.id === undefined && (value === undefined || value === null))) continue
      this.#settle(id, 'resolve', value)
      return
    }
  }

  /** What a sink says of its attack. */
  #logged(text) {
    this.#messages++
    const [, id, part] = /REPORT (\d+) (.*)$/s.exec(text) ?? []
    if (id !== undefined) this.#report += part
    const [, last] = /REPORT-END (\d+)/.exec(text) ?? []
    if (last === undefined) return
    let report = this.#report
    try {
      report = JSON.parse(this.#report)
    } catch {}
    this.#report = ''
    this.#settle(Number(last), 'resolve', report)
  }

  #settle(id, how, value) {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    waiting[how](value)
  }

  async #look() {
    const status = await this.#status()
    if (status === undefined) return
    const reasons = status.deaths.map(({ at, reason }) => `${at} ${reason}`)
    if (/error|stuck/.test(status.state)) reasons.push(status.message)
    if (status.state === 'stopped by error' && this.#isSourceRule()) await this.#revive()
    for (const reason of reasons) {
      if (this.ended.includes(reason)) continue
      this.ended.push(reason)
      this.#hasDied = true
      // A successor is given the same row once more: one that kills twice is set aside.
      const [oldest] = this.#waiting.keys()
      const waiting = this.#waiting.get(oldest)
      if (waiting === undefined || ++waiting.deaths < 2) continue
      const error = Object.assign(new Error(`ended: ${reason}`), { code: 'PLUGIN_TIMEOUT' })
      this.#settle(oldest, 'reject', error)
    }
    if (this.#hasDied && status.state === 'running') this.#askAgain()
  }

  /**
   * At qos 0 a row whose answer is awaited within the worker goes with it: whether the rule still serves the neighbour is
   * for the successor to show.
   */
  #askAgain() {
    this.#hasDied = false
    if (this.#isSourceRule()) return
    const { id: topic, lanes } = this.#options
    for (const [id, { plugin, input }] of this.#waiting) {
      if (plugin === 'neighbour') lanes.write(topic, { id, neighbourInput: input })
    }
  }

  /** A source that ends its rule whenever it opens is configured anew by the operator, and the rule started again. */
  async #revive() {
    if (this.#isRevived) return
    this.#isRevived = true
    const { id, request } = this.#options
    await request('PUT', '/metadata/sources/attacker/confKeys/waiting', {})
    await request('POST', `/rules/${id}/restart`)
  }

  #status() {
    const { cell, id } = this.#options
    return cell.status({ tenant: defaultTenant, rule: id })
  }

  async #until(isSo) {
    for (let looks = 0; looks < 800; looks++) {
      const status = await this.#status()
      if (status !== undefined && isSo(status)) return
      if (status?.state === 'stopped by error') throw new Error(status.message)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    throw new Error(`${this.#options.id} does not run`)
  }
}

/** Rows are plain data: a port cannot be handed to a plugin. */
function plain(input) {
  return JSON.parse(JSON.stringify(input))
}
