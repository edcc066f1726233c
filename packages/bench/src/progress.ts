import { SingleBar } from 'cli-progress'

/** What a run is about to measure. */
export interface Position {
  readonly case: string
  readonly contender: string
  readonly round: number
}

/** Shows on stderr where a run stands: a bar on a terminal, a line for each case where it is not one. */
export interface ProgressDisplay {
  next(position: Position): void
  /** Makes room for output on stdout until the next position. */
  pause(): void
  end(): void
}

/** `total` is how many measurements there will be. */
export function createProgressDisplay(total: number): ProgressDisplay {
  return process.stderr.isTTY ? bar(total) : lines()
}

function bar(total: number): ProgressDisplay {
  const create = () =>
    new SingleBar({
      format: '{bar} {value}/{total}, {eta_formatted} left: {what}',
      stream: process.stderr,
      clearOnComplete: true,
    })
  let shown: SingleBar | undefined
  let done = -1
  const pause = () => {
    shown?.stop()
    shown = undefined
  }
  return {
    next({ case: name, contender, round }) {
      done++
      if (shown === undefined) {
        shown = create()
        shown.start(total, done, { what: '' })
      }
      shown.update(done, { what: `${name}, round ${round}, ${contender}` })
    },
    pause,
    end: pause,
  }
}

function lines(): ProgressDisplay {
  let last = ''
  return {
    next({ case: name, round }) {
      const line = `bench: ${name}, round ${round}\n`
      if (line !== last) process.stderr.write(line)
      last = line
    },
    pause() {},
    end() {},
  }
}
