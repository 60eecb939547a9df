/** Keeps the event loop turning until disposed: `Atomics.waitAsync` alone does not. */
export function keepTurning(): Disposable {
  const timer = setInterval(() => {}, 1000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
