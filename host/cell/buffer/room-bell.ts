/** Those who wait for room. They are called once, together. */
export class RoomBell {
  #listeners: (() => void)[] = []
  isWanted = false

  add(listener: () => void): void {
    this.#listeners.push(listener)
  }

  ring(): void {
    this.isWanted = false
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}
