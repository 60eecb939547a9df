import { WheelTimer } from "../../lib/ds/timer_wheel.ts";
import { Timeouts } from "../../lib/net/timeouts.ts";
import { FakeClock, settled } from "./fake_clock.ts";

/** A {@linkcode Timeouts} on a clock that the test moves. */
export class PacedTimeouts implements Disposable {
  readonly clock = new FakeClock(1000);
  readonly timeouts = new Timeouts(this.clock.now);

  /** Lets `ms` pass, a tick more or less, and everything that falls due in it happen. */
  async pass(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.timeouts.schedule(new WheelTimer(() => resolve()), ms);
    // A tick is 50 ms: the one that the marker falls due in may begin that much later.
    this.clock.advance(ms + 50);
    await promise;
    await settled();
  }

  [Symbol.dispose](): void {
    this.timeouts[Symbol.dispose]();
  }
}
