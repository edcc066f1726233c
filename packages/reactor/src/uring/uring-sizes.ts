/** Sizes of what a loop shares with the kernel. Tests make them small, to see the ends of things. */
export interface UringSizes {
  /** Entries of the submission queue. When it is full, it is submitted early. */
  submissions: number
  /** Entries of the completion queue. When it is full, the kernel keeps the rest. */
  completions: number
  /** Buffers for messages, and for bulk, that the kernel holds: powers of two. More would not fit the CPU's cache. */
  messageBuffers: number
  bulkBuffers: number
  /** Whether the kernel may fill message buffers piece by piece. Default: when it can. */
  incremental?: boolean
}

export const defaultSizes: UringSizes = { submissions: 256, completions: 2048, messageBuffers: 16, bulkBuffers: 4 }

/** What a pipe keeps is kept in blocks of this size in bytes: small, since many slow clients may each hold one. */
export const keepBlockSize = 64 * 1024

/** One bulk read takes at most this many bytes, which is also a connection's share of a turn. */
export const bulkBlockSize = 256 * 1024

/** Messages lie side by side in a block that is filled piece by piece, or else each has a block to itself. */
export const incrementalBlockSize = 64 * 1024
export const wholeBlockSize = 16 * 1024
export const wholeBlocksPerIncremental = 32
