import type { EncodeOptions } from '#src/plan/plan.ts'
import { BinaryEncoder } from './binary-encoder.ts'
import { DelimitedEncoder } from './delimited-encoder.ts'
import type { Encoder, EncoderContext } from './encoder.ts'
import { jsonEncoder } from './json-encoder.ts'
import { TransformEncoder } from './transform-encoder.ts'
import { UrlEncoder } from './url-encoder.ts'

/** The encoder of one action. */
export function actionEncoder(options: EncodeOptions, context: EncoderContext): Encoder {
  if (options.template !== undefined || options.dataField !== undefined) {
    return new TransformEncoder(options, context, rowEncoder)
  }
  return rowEncoder(options, context)
}

function rowEncoder(options: EncodeOptions, context: EncoderContext): Encoder {
  switch (options.format) {
    case 'json':
      return jsonEncoder(options, context)
    case 'delimited':
      return new DelimitedEncoder(options, context)
    case 'binary':
      return new BinaryEncoder(options, context)
    case 'urlencoded':
      return new UrlEncoder(options, context)
    default:
      return options.format satisfies never
  }
}
