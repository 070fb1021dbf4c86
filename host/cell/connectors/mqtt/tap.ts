import net from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { BrokerOptions } from './options.ts'
import { Acknowledgements, CONNACK, PUBLISH, PUBREL, readLength } from './packets.ts'
import { PartialPacket } from './partial-packet.ts'
import { ReadPace } from './read-pace.ts'
import { SessionIds } from './session-ids.ts'

const READ_BYTES = 262_144
/** More than this much withheld, and the socket is no longer read: a broker without a window of its own. */
const MAX_HELD_BYTES = 16 << 20
/** How long reads are coalesced: the shortest timer there is, ms. */
const MOMENT_MS = 1

/** A PUBLISH as the tap found it; the payload is `bytes[start, end)`, a view. */
export interface Publish {
  readonly bytes: Buffer
  readonly topicStart: number
  readonly topicEnd: number
  readonly start: number
  readonly end: number
  readonly qos: number
  readonly id: number
  /** The broker sends it again. */
  readonly isRepeated: boolean
}

export interface TapHandler {
  /** @returns true: taken, it may be acknowledged; false: not now, withhold the acknowledgement until `release` */
  publish(packet: Publish): boolean
  /**
   * The packets of one read were handed over.
   *
   * @returns false: read no more until `release`
   */
  burst(): boolean
  /** Calls back when what was taken so far may be acknowledged. `undefined`: it may at once. */
  readonly whenSafe?: ((listener: () => void) => void) | undefined
  /** What is known of the session, over all its connections. */
  readonly ids?: SessionIds | undefined
}

/**
 * A stream between a socket and the mqtt package. PUBLISH packets are taken out here and never reach the client library,
 * whose path per message is the slower one; so are PUBREL packets, since the acknowledgements are ours. All else passes.
 *
 * At qos 1 and 2 a packet that finds no room is held, its acknowledgement withheld: the broker stops after its window
 * while the connection, pings included, lives on.
 */
export class MqttTap extends Duplex {
  readonly #handler: TapHandler
  readonly #version: number
  readonly #socket: net.Socket
  readonly #acks = new Acknowledgements()
  #isCorked = false
  readonly #ids: SessionIds
  /** Acknowledgements of what is not safe yet. */
  readonly #unsafe = new Set<Buffer>()
  #held: Publish[] = []
  #heldBytes = 0
  #rest: PartialPacket | undefined
  readonly #pace = new ReadPace()
  /** Why the socket is not read at the moment. */
  readonly #stops = new Set<'held' | 'room' | 'pace'>()
  #moment: NodeJS.Timeout | undefined
  /** PUBLISH packets read. */
  publishes = 0

  constructor(broker: BrokerOptions, handler: TapHandler) {
    super()
    this.#handler = handler
    this.#ids = handler.ids ?? new SessionIds()
    this.#version = broker.client.protocolVersion ?? 4
    const secure = broker.tls
    const plain = net.connect({
      host: broker.host,
      port: broker.port,
      noDelay: true,
      ...(secure === undefined ? { onread: this.#reader() } : {}),
    })
    this.#socket =
      secure === undefined
        ? plain
        : tls.connect({ ...secure, socket: plain, ...serverName(broker.host) })
    if (secure !== undefined) this.#socket.on('data', (bytes: Buffer) => this.#read(bytes))
    this.#socket.on(secure === undefined ? 'connect' : 'secureConnect', () => this.emit('connect'))
    this.#socket.on('error', (error) => this.destroy(error))
    this.#socket.on('close', () => this.destroy())
    plain.on('error', (error) => this.destroy(error))
  }

  /** There is room again: what was held goes in, in order, and is acknowledged. */
  release(): void {
    let taken = 0
    for (const packet of this.#held) {
      if (!this.#handler.publish(packet)) break
      this.#acknowledge(packet)
      this.#heldBytes -= packet.end
      taken++
    }
    let mayGoOn = true
    if (taken > 0) {
      this.#held.splice(0, taken)
      mayGoOn = this.#handler.burst()
      this.#flush()
    }
    if (this.#heldBytes < MAX_HELD_BYTES) this.#goOn('held')
    if (mayGoOn) this.#goOn('room')
  }

  get isHolding(): boolean {
    return this.#held.length > 0
  }

  override _read(): void {}

  override _write(
    bytes: Buffer,
    encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.write(bytes, encoding, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#moment)
    this.#socket.destroy()
    this.#held = []
    for (const packets of this.#unsafe) this.#ids.lost(packets)
    this.#unsafe.clear()
    done(error)
  }

  #reader(): net.OnReadOpts {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    return { buffer, callback: (length) => this.#read(buffer.subarray(0, length)) }
  }

  /** @returns whether to go on reading */
  #read(bytes: Buffer): boolean {
    const before = this.publishes
    const done = this.#rest === undefined ? 0 : this.#complete(this.#rest, bytes)
    if (done >= 0 && !this.#packets(bytes, done)) return false
    const mayGoOn = this.#handler.burst()
    this.#flush()
    if (!mayGoOn) this.#stop('room')
    if (this.#heldBytes >= MAX_HELD_BYTES) this.#stop('held')
    this.#breathe(bytes.length, this.publishes - before)
    return this.#stops.size === 0
  }

  /** Puts the first bytes of a read to what the one before left over. @returns where the next packet begins, -1: it is not there yet */
  #complete(rest: PartialPacket, bytes: Buffer): number {
    const head = rest.head(bytes)
    const { value, next } = readLength(head, 1)
    const missing = next + value - rest.length
    if (head.length < 2 || next === -1 || missing > bytes.length) {
      rest.add(bytes)
      return -1
    }
    this.#rest = undefined
    this.#packets(rest.whole(bytes.subarray(0, Math.max(0, missing))), 0)
    return missing
  }

  /** @returns false: this is no MQTT */
  #packets(bytes: Buffer, from: number): boolean {
    let at = from
    while (at + 2 <= bytes.length) {
      const { value, next } = readLength(bytes, at + 1)
      if (next === -2) {
        this.destroy(new Error('the broker sent a packet whose length is malformed'))
        return false
      }
      if (next < 0 || next + value > bytes.length) break
      this.#packet(bytes, at, next, next + value)
      at = next + value
    }
    this.#rest = at < bytes.length ? new PartialPacket(bytes.subarray(at)) : undefined
    return true
  }

  #breathe(bytes: number, packets: number): void {
    const pause = this.#pace.after(bytes, packets)
    if (pause === 'none') return
    this.#stop('pace')
    const goOn = () => {
      this.#pace.turned()
      this.#goOn('pace')
    }
    if (pause === 'turn') setImmediate(goOn)
    else this.#moment = setTimeout(goOn, MOMENT_MS)
  }

  #stop(reason: 'held' | 'room' | 'pace'): void {
    this.#stops.add(reason)
    this.#socket.pause()
  }

  #goOn(reason: 'held' | 'room' | 'pace'): void {
    if (!this.#stops.delete(reason) || this.#stops.size > 0) return
    if (!this.#socket.destroyed) this.#socket.resume()
  }

  #packet(bytes: Buffer, at: number, start: number, end: number): void {
    const first = bytes[at] as number
    if (first >> 4 === PUBLISH) this.#publish(bytes, first, start, end)
    else if (first >> 4 === PUBREL) this.#pubrel(bytes.readUInt16BE(start))
    else {
      if (first >> 4 === CONNACK) this.#ids.begin(((bytes[start] as number) & 1) === 1)
      this.push(Buffer.from(bytes.subarray(at, end)))
    }
  }

  #publish(bytes: Buffer, first: number, start: number, end: number): void {
    this.publishes++
    const topicStart = start + 2
    const topicEnd = topicStart + bytes.readUInt16BE(start)
    const qos = (first >> 1) & 3
    let at = topicEnd
    let id = 0
    if (qos > 0) {
      id = bytes.readUInt16BE(at)
      at += 2
    }
    if (this.#version === 5) {
      const { value, next } = readLength(bytes, at)
      at = next + value
    }
    const isRepeated = (first & 8) !== 0
    const packet: Publish = { bytes, topicStart, topicEnd, start: at, end, qos, id, isRepeated }
    if (this.#ids.has(qos, id, isRepeated)) this.#answerTo(packet)
    else if (qos === 0) this.#handler.publish(packet)
    else if (this.#held.length === 0 && this.#handler.publish(packet)) this.#acknowledge(packet)
    else this.#hold(packet)
  }

  #acknowledge(packet: Publish): void {
    const { qos, id, isRepeated } = packet
    this.#ids.taken(qos, id, isRepeated)
    this.#answerTo(packet)
  }

  #answerTo({ qos, id }: Publish): void {
    if (qos === 1) this.#acks.puback(id)
    else this.#acks.pubrec(id)
  }

  #pubrel(id: number): void {
    this.#ids.released(id)
    this.#acks.pubcomp(id)
  }

  #hold({ bytes, topicStart, topicEnd, start, end, qos, id, isRepeated }: Publish): void {
    const copy = Buffer.from(bytes.subarray(topicStart, end))
    const held = {
      bytes: copy,
      topicStart: 0,
      topicEnd: topicEnd - topicStart,
      start: start - topicStart,
      end: end - topicStart,
      qos,
      id,
      isRepeated,
    }
    this.#held.push(held)
    this.#heldBytes += held.end
  }

  #flush(): void {
    const packets = this.#acks.take()
    if (packets === undefined) return
    const { whenSafe } = this.#handler
    if (whenSafe === undefined) {
      this.#answer(packets)
      return
    }
    this.#unsafe.add(packets)
    whenSafe(() => {
      if (this.#unsafe.delete(packets)) this.#answerTogether(packets)
    })
  }

  #answer(packets: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(packets)
  }

  /** Those of one group of the spool come one after the other: one write. */
  #answerTogether(packets: Buffer): void {
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      queueMicrotask(() => {
        this.#isCorked = false
        this.#socket.uncork()
      })
    }
    this.#answer(packets)
  }
}

/** Node refuses an address as a server name. */
function serverName(host: string): { servername?: string } {
  return net.isIP(host) === 0 ? { servername: host } : {}
}
