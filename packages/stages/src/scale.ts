const kibibyte = 1024
const mebibyte = 1024 * kibibyte
const gibibyte = 1024 * mebibyte

/** How much each test does. Sizes in bytes, times in milliseconds. */
export interface Scale {
  readonly name: 'full' | 'quick'
  readonly nonblocking: {
    /** What the client that does not read streams at most. */
    readonly size: number
    /** When other clients are first served beside it, then how often, and until when. */
    readonly firstProbe: number
    readonly probeEvery: number
    readonly until: number
    /** How long a client that reads what it streams goes on before others are served beside it. */
    readonly talking: number
  }
  /** How long the program is watched with one idle client, with clients that do not read, and after rude ones. */
  readonly cpu: { readonly window: number; readonly stalled: number; readonly afterRude: number }
  readonly memory: {
    /** On the first port; the others together get a part of it. */
    readonly size: number
    readonly sizeOfOthers: number
    /**
     * Stops a transfer that has taken so long once it has moved this share of `size`, and one that has taken five times as
     * long in any case; Infinity moves all of `size`.
     */
    readonly longest: number
    readonly leastShare: number
    /** How long a client must have been held up for the program to count as holding it up. */
    readonly held: number
    /** Rounds of clients that come and go, and how long each may take, if it is not the least that tells something. */
    readonly rounds: number
    readonly roundTime: number
  }
  /** Random strings for each port. */
  readonly single: { readonly strings: number; readonly longest: number }
  readonly multiple: { readonly clients: number; readonly strings: number; readonly longest: number }
  /** Clients that vanish in each of the ways. */
  readonly errors: { readonly vanishing: number }
}

/** What the seed and the issue ask for. */
const full: Scale = {
  name: 'full',
  nonblocking: { size: 4 * gibibyte, firstProbe: 5_000, probeEvery: 1_000, until: 30_000, talking: 2_000 },
  cpu: { window: 20_000, stalled: 5_000, afterRude: 4_000 },
  memory: {
    size: 4 * gibibyte,
    sizeOfOthers: gibibyte,
    longest: Number.POSITIVE_INFINITY,
    leastShare: 1,
    held: 5_000,
    rounds: 6,
    roundTime: 1_500,
  },
  single: { strings: 40, longest: mebibyte },
  multiple: { clients: 100, strings: 20, longest: 64 * kibibyte },
  // More than 1,024 in all: who counts clients in an array of that length notices.
  errors: { vanishing: 400 },
}

/** For the inner loop: the same steps, all six within 25 seconds. */
const quick: Scale = {
  name: 'quick',
  nonblocking: { size: 4 * gibibyte, firstProbe: 1_000, probeEvery: 500, until: 3_000, talking: 300 },
  cpu: { window: 2_500, stalled: 1_000, afterRude: 1_000 },
  memory: {
    size: gibibyte,
    sizeOfOthers: 960 * mebibyte,
    longest: 3_000,
    leastShare: 0.75,
    held: 700,
    rounds: 4,
    roundTime: 300,
  },
  single: { strings: 10, longest: mebibyte },
  multiple: { clients: 100, strings: 4, longest: 16 * kibibyte },
  errors: { vanishing: 34 },
}

export const scales = { full, quick } as const
