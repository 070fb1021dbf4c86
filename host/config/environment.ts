import type { Environment } from './load.ts'

/** Of the server: options, properties of sources and sinks, and secrets, any of which may be a password. */
const ours = /^PLUTINO_SECRET_|^[A-Za-z0-9][A-Za-z0-9_]*__/

/**
 * Takes what is the server's alone out of an environment, so that neither a child process nor third-party code of this
 * process can find it there. What the operating system shows of a process is what it was started with all the same.
 *
 * @returns the environment as it was
 */
export function takeEnvironment(environment: NodeJS.ProcessEnv): Environment {
  const taken = { ...environment }
  for (const name of Object.keys(taken)) if (ours.test(name)) delete environment[name]
  return taken
}
