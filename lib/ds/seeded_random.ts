/**
 * Uniform numbers in [0, 1) that repeat for the same seed, with 32 bits each.
 *
 * sfc32 (Doty-Humphrey, PractRand), its state filled from the seed by splitmix32, so that seeds that
 * are close give streams that have nothing in common.
 *
 * @param seed a whole number; its lower 32 bits count
 */
export function seededRandom(seed: number): () => number {
  const next = splitMix(seed);
  // Numbers in a typed array stay unboxed, which variables of a closure do not.
  const state = Int32Array.of(next(), next(), next(), 1);
  return () => {
    const a = state[0]!;
    const b = state[1]!;
    const c = state[2]!;
    const counter = state[3]!;
    const drawn = (a + b + counter) | 0;
    state[0] = b ^ (b >>> 9);
    state[1] = (c + (c << 3)) | 0;
    state[2] = (((c << 21) | (c >>> 11)) + drawn) | 0;
    state[3] = (counter + 1) | 0;
    return (drawn >>> 0) / 2 ** 32;
  };
}

/** Whole numbers of 32 bits; one step of it spreads every bit of the seed over all of them. */
function splitMix(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}
