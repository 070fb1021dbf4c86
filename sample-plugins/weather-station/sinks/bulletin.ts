import type { Row, RowSink, SinkContext } from '@plutino/sdk'

/** Logs what it gets as a numbered bulletin. The number is kept in the rule's state: it goes on after a restart. */
export class Bulletin implements RowSink {
  readonly accepts = 'rows'
  #title = 'bulletin'

  configure(props: { title?: unknown }): void {
    if (props.title !== undefined) this.#title = String(props.title)
  }

  open(): void {}

  collect(ctx: SinkContext, rows: Row[]): void {
    for (const row of rows) {
      ctx.incrCounter('issued', 1)
      ctx.logger.info(`${this.#title} ${ctx.getCounter('issued')}: ${textOf(row)}`)
    }
  }

  close(): void {}
}

function textOf(row: Row): string {
  return Object.entries(row)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
