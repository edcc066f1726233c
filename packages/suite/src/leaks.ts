import { failureLine } from './report.js'

/** How long a process may live on after its last test, in milliseconds: enough for sockets to finish closing. */
const grace = 3_000

/** What Node itself holds for standard input and output; no test has leaked it. */
const ownResources = countResources()

/** Ends the process with exit code 1 when something still keeps it alive a while after its last test. */
export function expectEndSoon(): void {
  // Not counted as a reason to live: it fires only when something else keeps the process alive.
  setTimeout(() => {
    const leaked = [...countResources()].flatMap(([name, count]) => {
      const surplus = count - (ownResources.get(name) ?? 0)
      return surplus > 0 ? [surplus > 1 ? `${surplus} × ${name}` : name] : []
    })
    const names = leaked.length > 0 ? leaked.join(', ') : 'something that Node does not name'
    failureLine(`all tests have ended, but the process is kept alive by ${names}`)
    process.exit(1)
  }, grace).unref()
}

function countResources(): Map<string, number> {
  const counts = new Map<string, number>()
  // Touching both streams first makes their resources exist before they are counted.
  void process.stdout.writable
  void process.stderr.writable
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
