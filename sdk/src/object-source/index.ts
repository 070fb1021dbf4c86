export { Backoff, type BackoffConfig, type BackoffParts, type Sleep } from './backoff.ts'
export type { Codecs } from './codecs.ts'
export {
  type DistributionType,
  floorMod,
  javaStringHash,
  ObjectDistributionStrategy,
} from './distribution.ts'
export { ObjectSourceError, type ObjectSourceErrorCode } from './errors.ts'
export { type NameParts, ObjectNamePattern } from './name-pattern.ts'
export type { ObjectContext } from './object-context.ts'
export {
  type ObjectCounts,
  type ObjectIteratorOptions,
  ObjectRecordIterator,
} from './object-iterator.ts'
export { compareNativeKeys, isOfObject, isTransient, type ObjectStore } from './object-store.ts'
export {
  keyOf,
  ObjectEntry,
  type OffsetManagerEntry,
  type OffsetManagerKey,
} from './offset-entry.ts'
export { OffsetManager, type OffsetStorageReader } from './offset-manager.ts'
export type { OffsetMap, OffsetValue } from './offset-map.ts'
export type {
  ObjectEnd,
  ProgressMark,
  ResumableIterator,
  SchemaAndValue,
  SourceRecord,
} from './record.ts'
export { defaultTuple } from './record-tuple.ts'
export { type DuplicatePolicy, RingBuffer } from './ring-buffer.ts'
export {
  type CompressionType,
  type CsvConfig,
  choice,
  count,
  type ErrorsTolerance,
  type LongMode,
  type SourceCommonConfig,
  sourceConfig,
} from './source-config.ts'
export { ObjectSourceRecord } from './source-record.ts'
export { fromSweep } from './sweep.ts'
export { AbstractSourceTask } from './task.ts'
export type { TaskContext, TaskPowers } from './task-context.ts'
export type { TaskSetup } from './task-setup.ts'
export { type ToTuple, taskSource } from './task-source.ts'
export { Template } from './template.ts'
export { Timer } from './timer.ts'
export { AvroTransformer } from './transform-avro.ts'
export { BytesTransformer } from './transform-bytes.ts'
export { CsvTransformer } from './transform-csv.ts'
export { JsonArrayTransformer } from './transform-json.ts'
export { JsonLinesTransformer } from './transform-jsonl.ts'
export {
  type Batch,
  BrokenRecord,
  brokenObject,
  brokenRecord,
  Lines,
  type ObjectBody,
  Transformer,
  type TransformInput,
  type TransformOptions,
} from './transformer.ts'
