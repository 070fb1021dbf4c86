import { Type } from 'typebox'
import { HostError } from '#host/errors.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { FunctionDeclaration } from '#src/functions/declaration.ts'
import type { App, Services } from '../services.ts'

const nameParams = Type.Object({ name: Type.String() })
const config = { area: 'conf-key' } as const
const tags = ['configuration']

/** What editors and consoles must know of SQL functions, from the declarations that the engine runs. */
export function functionRoutes(app: App, { plugins, tenant }: Services): void {
  const functions = builtInFunctions()
  app.get(
    '/metadata/functions',
    { config, schema: { tags, summary: 'SQL functions by family, those of plugins last' } },
    async () => {
      const families = Object.groupBy(functions.declarations, ({ family }) => family)
      const builtIn = Object.entries(families).map(([name, members]) => ({
        name,
        fileType: 'internal',
        functions: members.flatMap(described),
      }))
      const names = plugins.list(tenant, 'function')
      if (names.length === 0) return builtIn
      const own = {
        name: 'plugins',
        fileType: 'plugin',
        functions: names.map((name) => ({ name })),
      }
      return [...builtIn, own]
    },
  )
  app.get(
    '/metadata/functions/:name',
    { config, schema: { tags, summary: 'One SQL function', params: nameParams } },
    async ({ params }) => {
      const declaration = functions.lookup(params.name)
      const found =
        declaration && described(declaration).find(({ name }) => isSame(name, params.name))
      if (found !== undefined) return found
      throw new HostError('not-found', `no built-in function "${params.name}"`)
    },
  )
}

function isSame(name: string, asked: string): boolean {
  return name === asked.toLowerCase()
}

/** One entry for each name. */
function described(declaration: FunctionDeclaration) {
  const { name, synonyms = [], kind, doc, parameters, examples } = declaration
  const args = parameters.map(({ name: called, types, optional = false, rest = false }) => ({
    name: called,
    type: types ?? ['any'],
    optional,
    rest,
  }))
  return [name, ...synonyms].map((each) => ({
    name: each,
    example: examples[0]?.sql.replace(name, each) ?? `${each}()`,
    hint: { en_US: doc },
    aggregate: kind === 'aggregate',
    analytic: kind === 'analytic',
    args,
  }))
}
