/** Works on all items in their order, on as many at once as `jobs` says. Throws what `work` throws first. */
export async function inParallel<Item>(
  items: Iterable<Item>,
  jobs: number,
  work: (item: Item) => Promise<void>
): Promise<void> {
  const rest = items[Symbol.iterator]()
  const workOff = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: jobs }, workOff))
}
