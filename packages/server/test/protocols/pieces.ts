import fc from 'fast-check'

/** Bytes, and any way to cut them into pieces. */
export function inPieces(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array[]> {
  return bytes.chain(whole =>
    fc.uniqueArray(fc.nat(whole.length), { maxLength: 30 }).map(cuts => {
      const edges = [0, ...cuts.sort((a, b) => a - b), whole.length]
      return edges.slice(1).map((edge, index) => whole.subarray(edges[index], edge))
    })
  )
}
