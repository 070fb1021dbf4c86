import { textOrFile } from '../input.ts'
import { at, type OpenSession } from '../session.ts'
import type { Verbs } from '../verb-commands.ts'

/** `create stream demo '(id bigint) WITH (…)'` and its like, for streams and tables. */
export function definitionCommands(verbs: Verbs, open: OpenSession): void {
  for (const kind of ['stream', 'table'] as const) {
    verbs.create
      .command(kind)
      .description(
        `creates a ${kind}: ${kind} demo '(id bigint) WITH (DATASOURCE="t")', or -f with the whole statement`,
      )
      .argument('[name]')
      .argument('[definition]')
      .option('-f, --file <file>', 'with the whole statement; nothing else is given then')
      .action(async (name, definition, { file }: { file?: string }) => {
        const { client, output } = open()
        const text = name === undefined || definition === undefined ? undefined : definition
        const rest = textOrFile(text, file, `${kind} NAME '(…) WITH (…)'`)
        const sql = text === undefined ? rest : `CREATE ${kind.toUpperCase()} ${name} ${rest}`
        output.print(await client.request('POST', `/${kind}s`, { sql }))
      })
    verbs.show
      .command(`${kind}s`)
      .description(`lists the names of ${kind}s`)
      .action(async () => {
        const { client, output } = open()
        const names = await client.request('GET', `/${kind}details`)
        output.list(names, `No ${kind} definitions are found.`)
      })
    verbs.describe
      .command(kind)
      .description(`shows columns and options of a ${kind}`)
      .argument('<name>')
      .action(async (name: string) => {
        const { client, output } = open()
        const described = await client.request('GET', at(`${kind}s`, name))
        output.print(output.isJson ? described : describedText(described))
      })
    verbs.drop
      .command(kind)
      .description(`drops a ${kind}`)
      .argument('<name>')
      .option('--force', 'also while rules read it')
      .action(async (name: string, { force }: { force?: boolean }) => {
        const { client, output } = open()
        const query = force === true ? '?force=true' : ''
        output.print(await client.request('DELETE', at(`${kind}s`, name) + query))
      })
  }
}

/** Kuiper's block of text. */
function describedText(described: unknown): string {
  const { StreamFields, Options } = Object(described)
  const fields: readonly Readonly<Record<string, unknown>>[] = StreamFields ?? []
  const lines = fields.map(({ Name, FieldType, DefaultClause }) => {
    const type = typeof FieldType === 'string' ? FieldType : JSON.stringify(FieldType)
    return [Name, type, ...(DefaultClause === undefined ? [] : ['DEFAULT', DefaultClause])].join(
      '\t',
    )
  })
  const options = Object.entries(Object(Options)).map(
    ([name, value]) => `${name.toUpperCase()}: ${value}`,
  )
  return ['Fields', '-'.repeat(80), ...lines, '', ...options].join('\n')
}
