// The same work for many things, some of them at a time.

/** Does the work for each thing, for so many at the same time; throws the first error, after which nothing more is begun. */
export async function eachOf<T>(
  things: readonly T[],
  workers: number,
  work: (thing: T) => Promise<void>,
): Promise<void> {
  const left = things.values();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const thing of left) {
      if (failed) return;
      try {
        await work(thing);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
