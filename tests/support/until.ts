/** Waits for `condition`, and fails loudly when it does not come true in time. */
export async function until(condition: () => boolean, timeoutMs = 5000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`Waited ${timeoutMs} ms for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Keeps the event loop turning until disposed: `Atomics.waitAsync` alone does not. */
export function keepTurning(): Disposable {
  const timer = setInterval(() => {}, 1000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
