/**
 * A module as a plugin gets it: what there is of it, and for each other function that Node's has, one that refuses when it is
 * called. So a package loads that names it, and it is the call that fails.
 */
module.exports = function complete(made, module, missing) {
  const whole = made.__esModule ? { ...made, ...made.default } : made
  const target = Object.isExtensible(whole) ? whole : { ...whole }
  if (made.__esModule) delete target.default
  for (const name of missing) if (!(name in target)) target[name] = refusal(module, name)
  return target
}

function refusal(module, name) {
  return function refused() {
    const text = `"${name}" of module "${module}" is not available in a sandboxed plugin`
    throw Object.assign(new Error(text), { code: 'ERR_PLUGIN_DENIED' })
  }
}
