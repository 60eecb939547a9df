/** A change that is ready and waits for the word. Exactly one of the two is called, once. */
export interface Prepared {
  /** Puts it in force. Never throws. */
  commit(): void;
  /** Gives up what was made ready. Never throws. */
  cancel(): void;
}

/** Nothing changes. */
export const UNCHANGED: Prepared = { commit() {}, cancel() {} };

/** Something that goes by a `T`, and can take on another. */
export interface Preparable<T> {
  /** @throws {Error} saying why it cannot; then everything is as it was */
  prepare(next: T): Promise<Prepared> | Prepared;
}

/** Makes all of them ready, or none. @throws {Error} of the first that cannot */
export async function prepareAll<T>(parts: readonly Preparable<T>[], next: T): Promise<Prepared> {
  const prepared: Prepared[] = [];
  const cancel = () => prepared.forEach((part) => part.cancel());
  try {
    for (const part of parts) prepared.push(await part.prepare(next));
  } catch (error) {
    cancel();
    throw error;
  }
  return { commit: () => prepared.forEach((part) => part.commit()), cancel };
}
