import type { Catalog } from '#host/catalog/catalog.ts'
import type { Cell, RuleKey } from '#host/cell/cell.ts'
import type { CheckpointStore } from '#host/checkpoints/store.ts'
import type { RulePlanner } from './planning.ts'
import type { SpecBuilder } from './spec.ts'
import type { TopicGraph } from './topic-graph.ts'

/** What the rule service works with. */
export interface RuleServiceOptions {
  /** Texts of workers, with the lines of plugins' authors in them. */
  authorsLines?<T>(tenant: string, value: T): Promise<T>
  readonly catalog: Catalog
  readonly cell: Cell
  readonly planner: RulePlanner
  readonly specs: SpecBuilder
  readonly checkpoints: CheckpointStore
  readonly topics: TopicGraph
  /** What goes wrong where nobody waits for an answer. */
  readonly report: (key: RuleKey, message: string) => void
}
