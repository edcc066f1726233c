import type { StageTest } from './stage-test.js'

/** What every other test takes for granted. */
export const start: StageTest = {
  id: 'start',
  title: 'The program starts, listens on all ports, and can be ended',
  asks: {
    input: 'The server should run on ports 8001, 8002, 8003, 8004',
    expected: 'Server should be able to accept an incoming TCP connection from any of the port',
  },
  usualCauses: {
    start:
      'a path in the command line that is not absolute (the program runs in a folder of its own; see --cwd), or other ports',
    connection: 'listen without accept, or an address that is not reached from this machine itself',
  },
  async run(context) {
    const { target } = context
    if (target.startedIn !== undefined) context.measure({ startMilliseconds: target.startedIn })
    for (const port of target.ports) {
      const client = await context.connect(port, 'the first client')
      client.leave()
    }
  },
}
