import { parentPort } from 'node:worker_threads'
import { findByHttp } from './http-table.ts'
import { SqliteTables } from './sqlite-tables.ts'
import {
  TableError,
  type TableRequest,
  type TableRows,
  type ThreadAnswer,
  type ThreadQuestion,
} from './table-request.ts'

/** The thread in which lookup tables are read: what is asked is answered, in any order. */
function serve(port: NonNullable<typeof parentPort>): void {
  const tables = new SqliteTables()
  port.on('message', async ({ id, ...request }: ThreadQuestion) => {
    port.postMessage({ id, ...(await answer(request, tables)) } satisfies ThreadAnswer)
  })
}

type Answer =
  | { readonly rows: TableRows }
  | { readonly trouble: TableError['trouble']; readonly message: string }

async function answer(request: TableRequest, tables: SqliteTables): Promise<Answer> {
  const { table } = request
  try {
    if (table.kind === 'sqlite') return { rows: tables.find({ ...request, table }) }
    return { rows: await findByHttp({ ...request, table }) }
  } catch (error) {
    const trouble = error instanceof TableError ? error.trouble : 'failed'
    return { trouble, message: (error as Error).message }
  }
}

if (parentPort !== null) serve(parentPort)
