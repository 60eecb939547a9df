import { assertEquals } from "@std/assert";
import { isHelloComplete } from "../../lib/net/hello_records.ts";

/** A record of a handshake. */
function record(payload: readonly number[]): number[] {
  return [22, 3, 1, payload.length >> 8, payload.length & 255, ...payload];
}

const message = [1, 0, 0, 10, ...new Array(10).fill(7)];
const whole = record(message);
const split = [...record(message.slice(0, 6)), ...record(message.slice(6))];

for (const [title, bytes] of [["one record", whole], ["two records", split]] as const) {
  Deno.test(`isHelloComplete() waits for the end of ${title}`, () => {
    for (let length = 0; length <= bytes.length; length++) {
      const isWhole = length === bytes.length;
      assertEquals(isHelloComplete(Uint8Array.from(bytes.slice(0, length))), isWhole, `${length}`);
    }
  });
}

Deno.test("isHelloComplete() waits for nothing that is no handshake", () => {
  assertEquals(isHelloComplete(new TextEncoder().encode("G")), true);
  assertEquals(isHelloComplete(Uint8Array.from(record([1, 0]))), true);
});
