/* Channels of this plugin alone. */
const channels = new Map()

class Channel {
  #subscribers = []
  name

  constructor(name) {
    this.name = name
  }

  get hasSubscribers() {
    return this.#subscribers.length > 0
  }

  subscribe(subscriber) {
    this.#subscribers = [...this.#subscribers, subscriber]
  }

  unsubscribe(subscriber) {
    const rest = this.#subscribers.filter((each) => each !== subscriber)
    const found = rest.length < this.#subscribers.length
    this.#subscribers = rest
    return found
  }

  publish(message) {
    for (const subscriber of this.#subscribers) subscriber(message, this.name)
  }

  bindStore() {}

  unbindStore() {
    return false
  }

  runStores(message, callback, self, ...args) {
    this.publish(message)
    return Reflect.apply(callback, self, args)
  }
}

function channel(name) {
  const known = channels.get(name) ?? new Channel(name)
  channels.set(name, known)
  return known
}

const events = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

class TracingChannel {
  constructor(name) {
    for (const event of events)
      this[event] = typeof name === 'string' ? channel(`tracing:${name}:${event}`) : name[event]
  }

  get hasSubscribers() {
    return events.some((event) => this[event].hasSubscribers)
  }

  subscribe(handlers) {
    for (const event of events) if (handlers[event]) this[event].subscribe(handlers[event])
  }

  unsubscribe(handlers) {
    return events.every((event) => !handlers[event] || this[event].unsubscribe(handlers[event]))
  }

  traceSync(callback, context = {}, self, ...args) {
    this.start.publish(context)
    try {
      context.result = Reflect.apply(callback, self, args)
      return context.result
    } catch (error) {
      context.error = error
      this.error.publish(context)
      throw error
    } finally {
      this.end.publish(context)
    }
  }

  async tracePromise(callback, context = {}, self, ...args) {
    const result = await this.traceSync(callback, context, self, ...args)
    this.asyncStart.publish(context)
    this.asyncEnd.publish(context)
    return result
  }

  traceCallback(callback, _position, context = {}, self, ...args) {
    return this.traceSync(callback, context, self, ...args)
  }
}

module.exports = {
  Channel,
  channel,
  TracingChannel,
  tracingChannel: (name) => new TracingChannel(name),
  hasSubscribers: (name) => channels.get(name)?.hasSubscribers ?? false,
  subscribe: (name, subscriber) => channel(name).subscribe(subscriber),
  unsubscribe: (name, subscriber) => channel(name).unsubscribe(subscriber),
}
