const lookMs = 250

/**
 * The end of the process that has started this one is a SIGTERM to this one. npm runs a script in a shell, and hands SIGTERM
 * to the shell, which dies of it and tells nobody.
 *
 * @param parent its id when this process began
 */
export function stopWithParent(parent: number): void {
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, lookMs).unref()
}
