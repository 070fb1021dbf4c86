/** The text given to the library, piece by piece, each with the token it stands for. */
export class Output {
  readonly #pieces: string[] = []
  readonly #tokens: number[] = []

  add(piece: string, token: number): void {
    this.#pieces.push(piece)
    this.#tokens.push(token)
  }

  /** Leaves a place that may be filled later. */
  reserve(token: number): number {
    this.add('', token)
    return this.#pieces.length - 1
  }

  fill(slot: number, piece: string): void {
    this.#pieces[slot] = piece
  }

  text(): string {
    return this.#pieces.join(' ')
  }

  /** The token that the text at an offset stands for; `undefined` at its end. */
  tokenAt(offset: number): number | undefined {
    let end = 0
    for (const [index, piece] of this.#pieces.entries()) {
      end += piece.length + 1
      if (offset < end && piece !== '') return this.#tokens[index]
    }
    return undefined
  }
}
