/**
 * What of the wall clock lies before the start of this thread's monotonic clock, in milliseconds and
 * parts of one. Takes up to a millisecond: it waits for the wall clock to turn, for that shows no more.
 */
export function wallOffset(): number {
  const before = Date.now();
  for (;;) {
    const wallMs = Date.now();
    if (wallMs !== before) return wallMs - performance.now();
  }
}

/**
 * The monotonic clock of another thread, read in this one: each thread's own starts at 0 with the
 * thread, and what threads write into shared memory must be told by one clock.
 *
 * The wall clock is looked at once, when this thread starts. That it is set later, forward or back,
 * changes nothing; that it is set between the other's call of `wallOffset` and the start of this
 * thread, milliseconds later, makes this one's clock as wrong.
 *
 * @param wallOffsetMs of {@linkcode wallOffset}, from the other thread, just before it started this one
 */
export function sharedClock(wallOffsetMs: number): () => number {
  const shiftMs = performance.timeOrigin - wallOffsetMs;
  return () => performance.now() + shiftMs;
}
