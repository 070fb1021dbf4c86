import { ObjectSourceError } from '@plutino/sdk/object-source'
import { XMLParser } from 'fast-xml-parser'

export interface StoredObject {
  readonly key: string
  readonly size: number
  /** Without its quotes. */
  readonly etag?: string | undefined
  /** ms since the epoch */
  readonly lastModified?: number | undefined
}

export interface Listing {
  readonly objects: readonly StoredObject[]
  /** There is another page. */
  readonly token?: string | undefined
}

interface Answer {
  readonly ListBucketResult?: {
    readonly EncodingType?: string
    readonly IsTruncated?: string
    readonly NextContinuationToken?: string
    readonly Contents?: readonly {
      readonly Key: string
      readonly Size: string
      readonly ETag?: string
      readonly LastModified?: string
    }[]
  }
}

/** Of ListObjectsV2. Keys are escaped as in an URL, since XML cannot carry every character, where the store understands that. */
export function readListing(xml: string): Listing {
  const parser = new XMLParser({
    parseTagValue: false,
    trimValues: false,
    isArray: (name) => name === 'Contents',
    processEntities: { enabled: true, maxTotalExpansions: Number.MAX_SAFE_INTEGER },
  })
  const { ListBucketResult: found } = parser.parse(xml) as Answer
  if (found === undefined || typeof found !== 'object') {
    throw new ObjectSourceError('stop', `the store's answer is no listing: ${xml.slice(0, 200)}`)
  }
  const isEscaped = found.EncodingType === 'url'
  const objects = (found.Contents ?? []).map(({ Key, Size, ETag, LastModified }) => {
    const modified = Date.parse(LastModified ?? '')
    return {
      key: isEscaped ? unescaped(Key) : Key,
      size: Number(Size),
      etag: ETag?.replaceAll('"', ''),
      lastModified: Number.isNaN(modified) ? undefined : modified,
    }
  })
  const isMore = found.IsTruncated === 'true'
  return { objects, token: isMore ? found.NextContinuationToken : undefined }
}

/** Some write a blank as `+`, all of them a `+` as `%2B`. */
function unescaped(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}
