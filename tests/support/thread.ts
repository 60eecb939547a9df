/** A thread that runs one file of this folder. Disposing it ends it. */
export class Thread implements Disposable {
  readonly #worker: Worker;

  /** @param file name of a module here; it answers one message with one message */
  constructor(file: string) {
    this.#worker = new Worker(new URL(`./${file}`, import.meta.url), { type: "module" });
  }

  /** Hands over the job; resolves with the thread's answer. */
  run(job: unknown): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#worker.onmessage = (event: MessageEvent<unknown>) => resolve(event.data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    this.#worker.postMessage(job);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/** Opened by all parties having come: makes threads really run at the same time. */
export class StartGate {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(buffer = new SharedArrayBuffer(4)) {
    this.buffer = buffer;
    this.#cells = new Int32Array(buffer);
  }

  /** Blocks the calling worker until `parties` have called. */
  pass(parties: number): void {
    const come = Atomics.add(this.#cells, 0, 1) + 1;
    if (come >= parties) Atomics.notify(this.#cells, 0);
    for (let seen = come; seen < parties; seen = Atomics.load(this.#cells, 0)) {
      Atomics.wait(this.#cells, 0, seen, 100);
    }
  }
}
