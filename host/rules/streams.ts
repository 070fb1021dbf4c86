import type { Catalog } from '#host/catalog/catalog.ts'
import type { StoredDefinition } from '#host/catalog/definitions.ts'
import { builtinLookups, builtinSources } from '#host/cell/connectors/builtin.ts'
import { HostError } from '#host/errors.ts'
import type { PluginService } from '#host/plugins/service.ts'
import { makeDefinition, type StreamDefinition } from '#src/plan/definitions.ts'
import type { Create, DefinitionKind, Statement } from '#src/sql/ast.ts'
import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { parseStatement, parseStatements } from '#src/sql/parse.ts'
import { type Described, describe, describeSchema } from './described.ts'
import { typeName } from './type-name.ts'

export interface StreamDetails {
  readonly name: string
  readonly type: string
  readonly format: string
}

/** What a statement shows. */
type Executed = string | readonly string[] | Described

interface Parsed {
  readonly statement: Statement
  readonly sql: string
}

/** Definitions of streams and tables: made, changed and dropped by their SQL. */
export class StreamService {
  readonly #catalog: Catalog
  readonly #plugins: PluginService
  readonly #mayReplace: (tenant: string, now: StreamDefinition) => Promise<void>

  /** @param mayReplace rejects what the rules of a stream cannot bear */
  constructor(
    catalog: Catalog,
    plugins: PluginService,
    mayReplace: (tenant: string, now: StreamDefinition) => Promise<void>,
  ) {
    this.#catalog = catalog
    this.#plugins = plugins
    this.#mayReplace = mayReplace
  }

  /**
   * Whatever statement on definitions it is, or several. All are read before the first is done; one that fails ends it.
   *
   * @returns Kuiper's sentence, or what SHOW and DESCRIBE show; of several statements a list
   */
  async execute(tenant: string, sql: string): Promise<Executed | readonly Executed[]> {
    const all = this.#parseAll(sql)
    const [only] = all
    if (all.length === 1 && only !== undefined) return this.#execute(tenant, only)
    const done: Executed[] = []
    for (const each of all) {
      try {
        done.push(await this.#execute(tenant, each))
      } catch (error) {
        if (!(error instanceof HostError)) throw error
        const text = `statement ${done.length + 1} of ${all.length}: ${error.message}; those before it are done`
        throw new HostError(error.code, text, { cause: error })
      }
    }
    return done
  }

  async #execute(tenant: string, { statement, sql }: Parsed): Promise<Executed> {
    switch (statement.type) {
      case 'create':
        return this.#create(tenant, statement, sql)
      case 'drop':
        return this.drop(tenant, statement.kind, statement.name)
      case 'show':
        return this.names(tenant, statement.kind)
      case 'describe':
        return this.describe(tenant, statement.kind, statement.name)
      case 'explain':
        return 'TO BE SUPPORTED'
      case 'select':
        throw new HostError(
          'bad-statement',
          'a SELECT is no definition; post it as the sql of a rule',
        )
    }
  }

  /** CREATE that takes the place of an existing definition, or makes a new one. */
  async replace(tenant: string, kind: DefinitionKind, name: string, sql: string): Promise<string> {
    const statement = this.#parse(sql)
    if (statement.type !== 'create' || statement.kind !== kind || statement.name !== name) {
      throw new HostError(
        'bad-statement',
        `Replace ${name} fails: the sql statement must update the ${name} source.`,
      )
    }
    const definition = this.#check(statement)
    const old = this.#catalog.definitions.get(tenant, name)
    if (old !== undefined) {
      this.#checkReplacement(old, definition)
      await this.#mayReplace(tenant, definition)
    }
    await this.#put(tenant, definition, sql)
    return `${title(kind)} ${name} is replaced.`
  }

  async drop(tenant: string, kind: DefinitionKind, name: string, force = false): Promise<string> {
    this.#stored(tenant, kind, name, `Drop ${kind} fails: ${kind} ${name} is not found`)
    this.#catalog.transaction(() => {
      const users = this.#catalog.definitions.users(tenant, name)
      if (users.length > 0 && !force) {
        throw new HostError(
          'in-use',
          `${kind} ${name} has been referenced by other rules: ${users.join(', ')}; drop them first, or add ?force=true`,
        )
      }
      this.#catalog.definitions.remove(tenant, name)
    })
    await this.#catalog.durable()
    return `${title(kind)} ${name} is dropped.`
  }

  names(tenant: string, kind: DefinitionKind, tableKind?: string | undefined): string[] {
    return this.#list(tenant, kind, tableKind).map(({ name }) => name)
  }

  details(tenant: string, kind: DefinitionKind, tableKind?: string | undefined): StreamDetails[] {
    return this.#list(tenant, kind, tableKind).map(({ name, options }) => {
      return { name, type: options.type, format: options.format }
    })
  }

  describe(tenant: string, kind: DefinitionKind, name: string): Described {
    return describe(this.#statement(tenant, kind, name))
  }

  schema(tenant: string, kind: DefinitionKind, name: string): Record<string, unknown> {
    return describeSchema(this.#statement(tenant, kind, name))
  }

  /** As the planner takes it. */
  definition(tenant: string, name: string): StreamDefinition | undefined {
    const stored = this.#catalog.definitions.get(tenant, name)
    return stored && makeDefinition(asCreate(stored))
  }

  allNames(tenant: string): string[] {
    return this.#catalog.definitions.list(tenant).map(({ name }) => name)
  }

  async #create(tenant: string, create: Create, sql: string): Promise<string> {
    const definition = this.#check(create)
    const { name, kind } = definition
    const old = this.#catalog.definitions.get(tenant, name)
    if (old !== undefined) {
      throw new HostError(
        'already-exists',
        `Create ${kind} fails: ${old.kind} ${name} already exists; PUT /${old.kind}s/${name} replaces it`,
      )
    }
    await this.#put(tenant, definition, sql)
    const done = `${title(kind)} ${name} is created.`
    const { type, tableKind } = definition.options
    const isLookup = kind === 'table' && tableKind === 'lookup'
    const builtIn = isLookup ? builtinLookups : builtinSources
    if (builtIn.includes(typeName(type))) return done
    if (this.#plugins.resolve(tenant, 'source', type) !== undefined) return done
    const hint = didYouMean(nearest(type, [...builtIn, ...this.#plugins.list(tenant, 'source')]))
    const missing = `Its type "${type}" is not installed`
    return `${done} ${missing}: rules on it are refused until a plugin brings it${hint === undefined ? '.' : `; ${hint}`}`
  }

  async #put(tenant: string, definition: StreamDefinition, sql: string): Promise<void> {
    const { name, kind, options } = definition
    this.#catalog.definitions.put(tenant, { name, kind, sql, temp: options.temp })
    await this.#catalog.durable()
  }

  #parse(sql: string): Statement {
    checkNotEmpty(sql)
    return parseStatement(sql)
  }

  /** Each statement with its own text, as it is stored. */
  #parseAll(sql: string): readonly Parsed[] {
    checkNotEmpty(sql)
    const statements = parseStatements(sql)
    if (statements.length === 1) return statements.map((statement) => ({ statement, sql }))
    return statements.map((statement, i) => {
      const text = sql.slice(statement.at.offset, statements[i + 1]?.at.offset)
      return { statement, sql: text.trim() }
    })
  }

  #check(create: Create): StreamDefinition {
    const definition = makeDefinition(create)
    const { type, tableKind } = definition.options
    if (tableKind === 'lookup' && builtinSources.includes(type) && !builtinLookups.includes(type)) {
      throw new HostError(
        'bad-statement',
        `Create table fails: lookup source type ${type} not found; there are ${builtinLookups.join(', ')}`,
      )
    }
    return definition
  }

  #checkReplacement(old: StoredDefinition, now: StreamDefinition): void {
    const fails = `Replace ${old.name} fails`
    if (old.kind !== now.kind) {
      throw new HostError('bad-statement', `${fails}: it is a ${old.kind}, not a ${now.kind}`)
    }
    if (old.temp) {
      throw new HostError(
        'bad-statement',
        `${fails}: a temporary definition cannot be replaced; drop it`,
      )
    }
    const { options } = makeDefinition(asCreate(old))
    if (options.shared !== now.options.shared) {
      throw new HostError('bad-statement', `${fails}: SHARED cannot be changed; drop it first`)
    }
    const { version } = now.options
    if (version !== '' && options.version !== '' && version <= options.version) {
      throw new HostError(
        'stale-version',
        `${fails}: it exists with version (${options.version}), new version (${version}) is lower`,
      )
    }
  }

  #list(tenant: string, kind: DefinitionKind, tableKind: string | undefined): StreamDefinition[] {
    const definitions = this.#catalog.definitions.list(tenant, kind)
    return definitions
      .map((stored) => makeDefinition(asCreate(stored)))
      .filter(({ options }) => tableKind === undefined || options.tableKind === tableKind)
  }

  #statement(tenant: string, kind: DefinitionKind, name: string): Create {
    return asCreate(
      this.#stored(tenant, kind, name, `Describe ${kind} fails, ${name} is not found`),
    )
  }

  #stored(tenant: string, kind: DefinitionKind, name: string, otherwise: string): StoredDefinition {
    const stored = this.#catalog.definitions.get(tenant, name)
    if (stored?.kind === kind) return stored
    const hint = didYouMean(nearest(name, this.names(tenant, kind)))
    throw new HostError('not-found', hint === undefined ? otherwise : `${otherwise}; ${hint}`)
  }
}

function asCreate(stored: StoredDefinition): Create {
  const statement = parseStatement(stored.sql)
  if (statement.type !== 'create') throw new TypeError(`no CREATE is stored for ${stored.name}`)
  return statement
}

function checkNotEmpty(sql: string): void {
  if (sql.trim() !== '') return
  const text = 'the statement is empty; write CREATE STREAM name () WITH (…)'
  throw new HostError('bad-statement', text)
}

function title(kind: DefinitionKind): string {
  return kind === 'stream' ? 'Stream' : 'Table'
}
