/** What the exit code of every program of this repository means. */
export const exitCode = {
  /** Did what was asked; every check held. */
  success: 0,
  /** A check failed, or the operating system refused something, such as a port that is taken. */
  checkFailed: 1,
  /** The command line was wrong. Nothing was done. */
  usage: 2,
  /** Bytes came back other than they were sent. */
  wrongBytes: 3,
  /** A connection could not be made, or was lost. */
  connectionFailed: 4,
  /** No verdict: the judge, the machine or the measurement was at fault. */
  unknown: 5,
  /** A fault of our own. The stack trace is on stderr. */
  internalFault: 70,
  /** A threshold that was given on the command line was not met. */
  thresholdFailed: 99,
  /** Ended by Ctrl-C, as shells report it (128 + SIGINT). */
  interrupted: 130,
  /** The reader of stdout went away, as shells report it (128 + SIGPIPE); the work may be unfinished. */
  outputClosed: 141,
} as const
