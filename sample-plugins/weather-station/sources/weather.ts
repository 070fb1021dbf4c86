import {
  type Consumer,
  pause,
  type Rewindable,
  type Source,
  type SourceContext,
} from '@plutino/sdk'

/** The state of the walk and how many readings were made: all that is needed to go on. */
interface Offset {
  made: number
  random: number
  temperature: number
  humidity: number
}

interface Options {
  readonly interval?: number
  readonly seed?: number
  readonly count?: number
}

/** Invents the weather of a place: a walk of temperature and humidity that is the same for the same seed. */
export class Weather implements Source, Rewindable {
  #place = ''
  #options: Options = {}
  #offset: Offset = { made: 0, random: 1, temperature: 15, humidity: 60 }

  configure(datasource: string, props: Options): void {
    this.#place = datasource
    this.#options = props
    this.#offset.random = props.seed ?? 1
  }

  async open({ signal }: SourceContext, consumer: Consumer): Promise<void> {
    const { count = Number.POSITIVE_INFINITY, interval = 1000 } = this.#options
    while (!signal.aborted && this.#offset.made < count) {
      await consumer(this.#next(), { place: this.#place })
      await pause(interval, signal)
    }
  }

  close(): void {}

  getOffset(): unknown {
    return { ...this.#offset }
  }

  rewind(offset: unknown): void {
    this.#offset = { ...(offset as Offset) }
  }

  /** The offset is moved before the reading is handed over. */
  #next() {
    const at = this.#offset
    at.made++
    at.temperature = round(at.temperature + this.#step(0.5))
    at.humidity = round(Math.min(100, Math.max(0, at.humidity + this.#step(2))))
    return { place: this.#place, n: at.made, temperature: at.temperature, humidity: at.humidity }
  }

  /** A step of at most `size` either way, by the minimal standard generator (Park and Miller, 1988). */
  #step(size: number): number {
    this.#offset.random = (this.#offset.random * 48_271) % 2_147_483_647
    return (this.#offset.random / 2_147_483_647 - 0.5) * 2 * size
  }
}

function round(x: number): number {
  return Math.round(x * 10) / 10
}
