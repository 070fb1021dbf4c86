/**
 * What is known of a value when a rule is planned. `any` is known only at run time; a number in an `any` is a FLOAT, but
 * in an `any` with `wholeIsBigint` a whole number is a BIGINT (`useInt64ForWholeNumber`).
 *
 * At run time: BIGINT is a number while it is safe and a bigint beyond 2^53; FLOAT a number; DATETIME the epoch
 * milliseconds as a number, told from a number by this type only; BYTEA a Uint8Array; ARRAY an array; STRUCT a plain
 * object; SQL null is `null` or `undefined`.
 */
export type DataType =
  | { readonly type: 'bigint' | 'float' | 'string' | 'boolean' | 'datetime' | 'bytea' }
  | { readonly type: 'array'; readonly element: DataType }
  | { readonly type: 'struct'; readonly fields?: Readonly<Record<string, DataType>> | undefined }
  | { readonly type: 'any'; readonly wholeIsBigint?: boolean | undefined }

export const ANY: DataType = { type: 'any' }
