import type { EncodeOptions } from '#src/plan/plan.ts'
import { BinaryEncoder } from './binary-encoder.ts'
import { DelimitedEncoder } from './delimited-encoder.ts'
import type { Encoder, EncoderContext } from './encoder.ts'
import { jsonEncoder } from './json-encoder.ts'

/** The encoder of one action. */
export function actionEncoder(options: EncodeOptions, context: EncoderContext): Encoder {
  switch (options.format) {
    case 'json':
      return jsonEncoder(options, context)
    case 'delimited':
      return new DelimitedEncoder(options, context)
    case 'binary':
      return new BinaryEncoder(options, context)
    default:
      return options.format satisfies never
  }
}
