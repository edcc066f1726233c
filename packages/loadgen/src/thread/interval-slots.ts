/** After so many intervals of a phase they become twice as long, again and again: a long run's report stays small. */
const slotsOfOneLength = 1_800

/** Which interval of its phase a moment falls into, from 0; `elapsed` and `interval` in milliseconds. */
export function slotAt(elapsed: number, interval: number): number {
  const block = Math.floor(Math.log2(elapsed / (interval * slotsOfOneLength) + 1))
  const within = elapsed - startOfBlock(block, interval)
  return block * slotsOfOneLength + Math.floor(within / (interval * 2 ** block))
}

/** When an interval of a phase ends, in milliseconds since the phase began. */
export function endOfSlot(slot: number, interval: number): number {
  const block = Math.floor(slot / slotsOfOneLength)
  return startOfBlock(block, interval) + ((slot % slotsOfOneLength) + 1) * interval * 2 ** block
}

function startOfBlock(block: number, interval: number): number {
  return interval * slotsOfOneLength * (2 ** block - 1)
}
