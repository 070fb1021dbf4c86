import { nearest } from '#src/sql/near.ts'
import type { RuleDefinition } from './definition.ts'
import { sinkProps } from './plugin-checks.ts'
import { typeName } from './type-name.ts'

const tls = [
  'certficationRaw',
  'certificationPath',
  'certificationRaw',
  'insecureSkipVerify',
  'privateKeyPath',
  'privateKeyRaw',
  'rootCaPath',
  'rootCARaw',
  'tlsMinVersion',
]

/** Of each built-in sink, beside what all have. What Kuiper's sink has and ours reads nothing of is no mistake either. */
const ownNames: Readonly<Record<string, readonly string[]>> = {
  file: [
    'checkInterval',
    'fileType',
    'path',
    'rollingCount',
    'rollingHook',
    'rollingHookProps',
    'rollingInterval',
    'rollingNamePattern',
    'rollingSize',
  ],
  log: [],
  memory: ['keyField', 'rowkindField', 'topic'],
  mqtt: [
    'clientid',
    'connectionSelector',
    'maxReconnectDelay',
    'password',
    'protocolVersion',
    'qos',
    'retained',
    'server',
    'servers',
    'topic',
    'username',
    ...tls,
  ],
  nop: ['log'],
  rest: [
    'bodyType',
    'debugResp',
    'headers',
    'method',
    'oauth',
    'responseType',
    'timeout',
    'url',
  ].concat(tls),
}

/**
 * Properties of actions that no built-in sink reads and that look like one that it does: a sentence for each. They are
 * told and not refused, since rules of Kuiper may have properties that mean nothing here.
 */
export function misspeltProperties({ actions }: Pick<RuleDefinition, 'actions'>): string[] {
  return actions
    .flatMap((element) => Object.entries(element))
    .flatMap(([type, props]) => {
      const own = ownNames[typeName(type)]
      if (own === undefined) return []
      const known = [...sinkProps, 'resourceId', ...own]
      const lower = new Set(known.map((name) => name.toLowerCase()))
      return Object.keys(props ?? {}).flatMap((name) => {
        const near = lower.has(name.toLowerCase()) ? undefined : nearest(name, known)
        if (near === undefined) return []
        return [`Action ${type} reads no property "${name}"; did you mean "${near}"?`]
      })
    })
}
