// For the attacks here: where the API lies on a plain host, and where it lies in the product.
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export const said = (error) => {
  try {
    return `E:${String(error?.code ?? error?.message ?? error).slice(0, 160)}`
  } catch {
    return 'E:unprintable'
  }
}

/** Runs named attempts and keeps each one's result or error; none lasts longer than `ms`. */
export const tryAll = async (attempts, ms = 1500) => {
  const out = {}
  for (const [name, run] of Object.entries(attempts)) {
    const late = sleep(ms).then(() => 'late')
    try {
      out[name] = await Promise.race([run(), late])
    } catch (error) {
      out[name] = said(error)
    }
  }
  return out
}

/** The logger of whatever context the host hands to a plugin. */
export const logOf = (context) =>
  context?.logger?.info?.bind(context.logger) ?? context?.log?.bind(context) ?? console.log
