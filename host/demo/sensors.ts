import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { Aedes } from 'aedes'
import mqtt, { type MqttClient } from 'mqtt'

/** An MQTT broker of the demo's own, on a free port. */
export async function startBroker(): Promise<{ url: string; close(): Promise<void> }> {
  const aedes = await Aedes.createBroker()
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    aedes.handle(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `tcp://127.0.0.1:${port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await new Promise<void>((resolve) => aedes.close(() => resolve()))
    },
  }
}

const DEVICES = ['boiler', 'cellar', 'greenhouse', 'kitchen', 'roof']

/** Devices that publish JSON readings, each on a topic of its own, until they are stopped. */
export class Sensors {
  readonly #client: MqttClient
  readonly #timer: NodeJS.Timeout
  #sent = 0

  private constructor(client: MqttClient, perSecond: number) {
    this.#client = client
    this.#timer = setInterval(() => this.#publish(), 1000 / perSecond)
  }

  static async start(url: string, perSecond: number): Promise<Sensors> {
    const client = await mqtt.connectAsync(url.replace('tcp:', 'mqtt:'))
    return new Sensors(client, perSecond)
  }

  get sent(): number {
    return this.#sent
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#client.endAsync()
  }

  #publish(): void {
    const n = this.#sent++
    const device = DEVICES[n % DEVICES.length] ?? 'roof'
    const base = 17 + 3 * (n % DEVICES.length)
    const swing = Math.sin(n / 23) * 6
    const reading = {
      device,
      n,
      temperature: Math.round((base + swing) * 10) / 10,
      humidity: Math.round((55 + Math.cos(n / 31) * 25) * 10) / 10,
      at: Date.now(),
      tags: n % 3 === 0 ? ['indoor', 'wired'] : ['outdoor'],
      place: { building: 'A', floor: n % 4 },
    }
    this.#client.publish(`plutino/demo/${device}`, JSON.stringify(reading))
  }
}
