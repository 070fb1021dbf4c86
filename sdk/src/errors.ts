/** What an extension can tell the host by an error, and what the host reports to an extension. */
export const pluginErrorCodes = [
  'not-connected',
  'retryable',
  'end-of-input',
  'denied',
  'state-not-cloneable',
  'state-not-a-counter',
  'state-too-large',
] as const

export type PluginErrorCode = (typeof pluginErrorCodes)[number]

/** Told apart by `code`, never by class: every plugin is bundled with its own copy of this module. */
export class PluginError extends Error {
  override readonly name: string = 'PluginError'
  readonly code: PluginErrorCode

  constructor(code: PluginErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Thrown by a sink: the connection is gone. The host closes it, opens it again with back-off and sends the rows again. */
export class NotConnected extends PluginError {
  override readonly name = 'NotConnected'
  constructor(message: string, options?: ErrorOptions) {
    super('not-connected', message, options)
  }
}

/** Thrown by a sink: these rows may pass later. The host sends them again with back-off. */
export class Retryable extends PluginError {
  override readonly name = 'Retryable'
  constructor(message: string, options?: ErrorOptions) {
    super('retryable', message, options)
  }
}

/** Thrown by a source: there is nothing more. The rule drains and ends as done. */
export class EndOfInput extends PluginError {
  override readonly name = 'EndOfInput'
  constructor(message = 'end of input', options?: ErrorOptions) {
    super('end-of-input', message, options)
  }
}
