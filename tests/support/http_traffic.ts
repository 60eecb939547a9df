import { askOnce, HttpClient } from "./http_client.ts";
import { valueOf } from "./http_wire.ts";

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/** Clients that ask again and again, on one connection or on many, until told to stop. */
export class HttpTraffic {
  readonly answers = new Map<string, number>();
  readonly faults: string[] = [];
  readonly #running: Promise<unknown>;
  #isOver = false;

  constructor(address: string, clients = 8) {
    this.#running = Promise.all(
      Array.from(
        { length: clients },
        (_, at) => at % 2 ? this.#keep(address) : this.#renew(address),
      ),
    );
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #renew(address: string): Promise<void> {
    while (!this.#isOver) await this.#note(() => askOnce(address, GET));
  }

  /** Opens another connection only where an answer said that it was the last. */
  async #keep(address: string): Promise<void> {
    while (!this.#isOver) {
      using client = await HttpClient.connect(address);
      for (let isOpen = true; isOpen && !this.#isOver;) {
        const answer = await this.#note(() => client.ask(GET));
        isOpen = answer !== undefined && valueOf(answer, "connection") !== "close";
      }
    }
  }

  async #note(ask: () => ReturnType<typeof askOnce>) {
    try {
      const answer = await ask();
      const { body } = answer;
      this.answers.set(body, (this.answers.get(body) ?? 0) + 1);
      return answer;
    } catch (error) {
      this.faults.push(String(error).slice(0, 300));
      return undefined;
    }
  }
}
