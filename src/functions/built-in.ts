import { accumulationFunctions } from './accumulation.ts'
import { aggregateFunctions } from './aggregate.ts'
import { analyticFunctions } from './analytic.ts'
import { arrayFunctions } from './array.ts'
import { arrayMap } from './array-map.ts'
import { arraySetFunctions } from './array-set.ts'
import { bitFunctions } from './bits.ts'
import { collectionFunctions } from './collection.ts'
import { compressionFunctions } from './compression.ts'
import { conversionFunctions } from './conversion.ts'
import { hashFunctions } from './hash.ts'
import { jsonFunctions } from './json.ts'
import { keyedStateFunction } from './keyed-state.ts'
import { mathFunctions } from './math.ts'
import { objectFunctions } from './object.ts'
import { otherFunctions } from './other.ts'
import { patternFunctions } from './pattern.ts'
import { plannedFunctions } from './planned.ts'
import { statisticsFunctions } from './statistics.ts'
import { FunctionTable } from './table.ts'
import { textFunctions } from './text.ts'
import { timeFunctions } from './time.ts'

/** The table of all functions that are built in. */
export function builtInFunctions(): FunctionTable {
  const table: FunctionTable = new FunctionTable([
    ...aggregateFunctions,
    ...collectionFunctions,
    ...statisticsFunctions,
    ...analyticFunctions,
    ...accumulationFunctions,
    ...textFunctions,
    ...patternFunctions,
    ...mathFunctions,
    ...bitFunctions,
    ...timeFunctions,
    ...arrayFunctions,
    ...arraySetFunctions,
    arrayMap((name) => table.lookup(name)),
    ...objectFunctions,
    ...jsonFunctions,
    ...hashFunctions,
    ...compressionFunctions,
    ...conversionFunctions,
    ...otherFunctions,
    keyedStateFunction,
    ...plannedFunctions,
  ])
  return table
}
