import { assertEquals } from "@std/assert";
import type { Config } from "../../lib/config/types.ts";
import { PlaceBook } from "../../lib/runtime/place_book.ts";
import { configOf, listenerConfig, tcp, upstreamConfig } from "../support/configs.ts";

const SHAPE = { workers: 2, listeners: 2, upstreams: 2, backends: 3 };

function appWith(...ports: readonly number[]): Config {
  return configOf([listenerConfig()], [upstreamConfig("app", ports.map(tcp))]);
}

function placesIn(book: PlaceBook, config: Config): readonly number[] | undefined {
  return book.assign(config)?.backends[0];
}

Deno.test("PlaceBook.assign() leaves everything that stays where it is", () => {
  const book = new PlaceBook(SHAPE);

  assertEquals(placesIn(book, appWith(1, 2)), [0, 1]);
  assertEquals(placesIn(book, appWith(3, 2, 1)), [2, 1, 0]);
});

Deno.test("PlaceBook.assign() gives a place that was left to nobody but its owner", () => {
  const book = new PlaceBook(SHAPE);
  book.assign(appWith(1, 2));

  assertEquals(placesIn(book, appWith(2, 3)), [1, 2]);
  assertEquals(placesIn(book, appWith(2, 4)), undefined);
  assertEquals(placesIn(book, appWith(1, 2)), [0, 1]);
});

Deno.test("PlaceBook.reclaim() makes free what is said to be unused", () => {
  const book = new PlaceBook(SHAPE);
  book.assign(appWith(1, 2, 3));
  book.assign(appWith(2));

  book.reclaim(({ kind, place }) => kind === "backends" && place === 2);

  assertEquals(placesIn(book, appWith(2, 4)), [1, 2]);
  assertEquals(placesIn(book, appWith(2, 4, 5)), undefined);
});

Deno.test("PlaceBook.assign() changes nothing when there is no room", () => {
  const book = new PlaceBook(SHAPE);
  book.assign(appWith(1, 2));

  assertEquals(book.assign(appWith(3, 4, 5)), undefined);
  assertEquals(placesIn(book, appWith(2, 3)), [1, 2]);
});

Deno.test("PlaceBook.assign() takes a backend for another when its address changes", () => {
  const book = new PlaceBook(SHAPE);
  const at = (port: number) => {
    const upstream = upstreamConfig("app", [tcp(port)]);
    const backends = upstream.backends.map((spec) => ({ ...spec, id: "one" }));
    return configOf([listenerConfig()], [{ ...upstream, backends }]);
  };
  book.assign(at(1));

  assertEquals(placesIn(book, at(2)), [1]);
});
