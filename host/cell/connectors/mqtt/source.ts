import { randomBytes } from 'node:crypto'
import { CellError } from '../../cell.ts'
import type {
  ConnectorContext,
  SourceConnector,
  SourceEnd,
  SourceWriter,
  TupleExtra,
} from '../connector.ts'
import { Properties } from '../properties.ts'
import { BurstHold } from './burst-hold.ts'
import { BrokerConnection, endSession } from './connection.ts'
import { readBrokerOptions } from './options.ts'
import { SessionIds } from './session-ids.ts'
import type { Publish, TapHandler } from './tap.ts'

type SessionName = Pick<ConnectorContext, 'tenant' | 'ruleId' | 'name' | 'hostId'>

/**
 * Subscribes to topics of a broker. DATASOURCE lists them, separated by commas, with `+` and `#`. At qos 1 and 2 a full
 * buffer withholds acknowledgements; at qos 0 it drops, counted. Where there is a spool, what is in it is acknowledged and
 * nothing else, and the broker keeps a session for the time when nobody is here.
 */
export class MqttSource implements SourceConnector {
  #topics: string[] = []
  readonly #base: string
  #props: Properties = new Properties('source "mqtt"', {})
  #qos: 0 | 1 | 2 = 1
  #connection: BrokerConnection | undefined
  #intake: Intake | undefined

  /** @param base where relative paths begin; empty: the working directory */
  constructor(base = '') {
    this.#base = base
  }

  configure(datasource: string, props: Readonly<Record<string, unknown>>): void {
    const read = new Properties('source "mqtt"', props, this.#base)
    this.#props = read
    this.#topics = datasource.split(',').map((topic) => topic.trim())
    for (const topic of this.#topics) {
      if (!isFilter(topic))
        read.refuse('DATASOURCE', `holds "${topic}", which is no MQTT topic filter`)
    }
    this.#qos = read.integer('qos', 1, 0, 2) as 0 | 1 | 2
    readBrokerOptions(read, '')
  }

  async open(context: ConnectorContext, writer: SourceWriter, end: SourceEnd): Promise<void> {
    const keepsSession = this.#qos > 0 && writer.whenDurable !== undefined
    const broker = readBrokerOptions(this.#props, clientIdOf(context, keepsSession), keepsSession)
    const ids = new SessionIds(keepsSession ? writer.ledger : undefined)
    const intake = new Intake(writer, ids, () => connection.tap?.release())
    const connection = new BrokerConnection(broker, context, intake)
    this.#intake = intake
    this.#connection = connection
    const { client } = connection
    client.on('connect', () => {
      client.subscribe(this.#topics, { qos: this.#qos }, (error, granted) => {
        const refused = granted?.find(({ qos }) => (qos as number) > 2)
        if (refused !== undefined) {
          end.failed(
            new CellError(
              'open-failed',
              `source "mqtt": broker ${broker.address} refuses the subscription to "${refused.topic}"`,
            ),
          )
        } else if (error === null) context.connection('connected')
        else
          context.connection(
            'disconnected',
            `broker ${broker.address}: subscribing failed: ${error.message}`,
          )
      })
    })
    await connection.settled()
  }

  figures(): Record<string, number> {
    return { possible_duplicates_total: this.#intake?.ids.possibleDuplicates ?? 0 }
  }

  weakness(): string | undefined {
    if (this.#qos > 0) return undefined
    return 'its subscription has qos 0: what comes while nobody reads is lost; set qos of the source to 1 or 2'
  }

  /** Ends the session at the broker: connecting without it does. */
  async forget(context: SessionName): Promise<void> {
    if (this.#qos === 0) return
    const broker = readBrokerOptions(this.#props, clientIdOf(context, true))
    await endSession(broker)
  }

  async close(): Promise<void> {
    this.#intake?.close()
    await this.#connection?.close()
  }
}

/** Puts PUBLISH packets into the buffer. */
class Intake implements TapHandler {
  readonly whenSafe: TapHandler['whenSafe']
  readonly ids: SessionIds
  readonly #writer: SourceWriter
  readonly #onRoom: () => void
  #waits = false
  readonly #hold = new BurstHold()
  #holdUp: NodeJS.Timeout | undefined
  readonly #known = new Map<string, TupleExtra>()
  #lastTopic: Buffer = Buffer.alloc(0)
  #lastQos = -1
  #lastExtra: TupleExtra = {}

  constructor(writer: SourceWriter, ids: SessionIds, onRoom: () => void) {
    this.#writer = writer
    this.ids = ids
    this.#onRoom = onRoom
    this.whenSafe = writer.whenDurable && ((listener) => writer.whenDurable?.(listener))
  }

  publish(packet: Publish): boolean {
    const { bytes, start, end, qos, id } = packet
    const shared = this.#extraOf(packet)
    const extra = qos === 0 ? shared : { ...shared, meta: { messageid: id } }
    if (this.#writer.write(bytes, start, end, extra)) return true
    if (qos === 0) {
      this.#writer.drop(bytes, start, end, extra)
      return true
    }
    this.#wait()
    return false
  }

  burst(): boolean {
    this.#writer.ring()
    // At qos 1 and 2 withheld acknowledgements make the broker wait.
    const ms = this.#lastQos === 0 ? this.#hold.waitMs(this.#writer.room) : 0
    if (ms === 0) return true
    this.#holdUp = setTimeout(() => this.#roomMade(), ms)
    this.#writer.wantRoom()
    this.#wait()
    return false
  }

  close(): void {
    clearTimeout(this.#holdUp)
  }

  #wait(): void {
    if (this.#waits) return
    this.#waits = true
    this.#writer.onRoom(() => {
      this.#waits = false
      this.#roomMade()
    })
  }

  #roomMade(): void {
    clearTimeout(this.#holdUp)
    this.#onRoom()
  }

  /** Most packets have the topic of the one before: compared as bytes, without making a string of it. */
  #extraOf({ bytes, topicStart, topicEnd, qos }: Publish): TupleExtra {
    if (
      qos === this.#lastQos &&
      this.#lastTopic.length === topicEnd - topicStart &&
      holdsAt(bytes, topicStart, this.#lastTopic)
    ) {
      return this.#lastExtra
    }
    const topic = bytes.toString('utf8', topicStart, topicEnd)
    const key = `${qos} ${topic}`
    let extra = this.#known.get(key)
    if (extra === undefined) {
      extra = { metaReference: this.#writer.meta({ topic, qos }) }
      this.#known.set(key, extra)
    }
    this.#lastTopic = Buffer.from(bytes.subarray(topicStart, topicEnd))
    this.#lastQos = qos
    this.#lastExtra = extra
    return extra
  }
}

/** For something as short as a topic this is far cheaper than a call into native code. */
function holdsAt(bytes: Buffer, at: number, wanted: Buffer): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false
  return true
}

/**
 * Never the same for two tenants, rules or hosts, so that no broker ends one for the other. One with a session at the
 * broker is the same in every life of the host.
 */
function clientIdOf({ tenant, ruleId, name, hostId }: SessionName, keepsSession: boolean): string {
  const life = keepsSession && hostId !== undefined ? hostId : randomBytes(4).toString('hex')
  return `plutino-${tenant}-${ruleId}-${name}-${life}`
}

/** MQTT 3.1.1 §4.7: `#` alone in the last level, `+` alone in its level, not empty, no NUL. */
function isFilter(filter: string): boolean {
  if (filter === '' || filter.includes('\0') || Buffer.byteLength(filter) > 65_535) return false
  const levels = filter.split('/')
  return levels.every((level, i) => {
    if (level.includes('#')) return level === '#' && i === levels.length - 1
    return !level.includes('+') || level === '+'
  })
}
