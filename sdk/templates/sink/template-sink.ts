import type { Row, RowSink, SinkContext } from '@plutino/sdk'

/** Logs each row with a number that goes on after a restart. */
export class TemplateSink implements RowSink {
  readonly accepts = 'rows'
  #title = 'row'

  configure(props: { title?: string }): void {
    this.#title = props.title ?? this.#title
  }

  open(): void {}

  collect(ctx: SinkContext, rows: Row[]): void {
    for (const row of rows) {
      ctx.incrCounter('rows', 1)
      ctx.logger.info(`${this.#title} ${ctx.getCounter('rows')}:`, row)
    }
  }

  close(): void {}
}
