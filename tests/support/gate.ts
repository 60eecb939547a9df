/** Holds whoever comes, until it is opened. */
export class Gate {
  waiting = 0;
  readonly #opened = Promise.withResolvers<void>();

  async wait(): Promise<void> {
    this.waiting++;
    await this.#opened.promise;
  }

  open(): void {
    this.#opened.resolve();
  }
}
