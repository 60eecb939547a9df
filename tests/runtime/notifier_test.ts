import { assertEquals, assertStringIncludes } from "@std/assert";
import { Notifier } from "../../lib/runtime/notifier.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { NotifySocket } from "../support/notify_socket.ts";

const ignore = Deno.build.os !== "linux";
const PID = 7;

/** A notifier in an environment of its own, with a clock that stands still. */
function setUp(env: Readonly<Record<string, string>>) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const notifier = new Notifier({ variable: (name) => env[name], pid: PID, clock, log });
  return { clock, log, notifier };
}

Deno.test("Notifier does nothing without NOTIFY_SOCKET", async () => {
  const { clock, log, notifier } = setUp({ WATCHDOG_USEC: "1000" });
  {
    await using _ = notifier;
    notifier.ready();
    notifier.reloading();
    notifier.stopping(1);
  }

  assertEquals(clock.delays, []);
  assertEquals(log.records, []);
});

for (const kind of ["path", "abstract"] as const) {
  Deno.test({ name: `Notifier tells each state to a socket (${kind})`, ignore }, async () => {
    await using socket = await NotifySocket.open(kind);
    const { notifier } = setUp(socket.env);
    {
      await using _ = notifier;
      notifier.ready();
      notifier.reloading();
      notifier.reloaded();
      notifier.reloading();
      notifier.reloaded("weir.yaml:1:1: wrong\nand more");
      notifier.stopping(35_000);
    }

    assertEquals(await socket.receive(6), [
      "READY=1\nSTATUS=Serving",
      "RELOADING=1\nSTATUS=Reloading",
      "READY=1\nSTATUS=Serving",
      "RELOADING=1\nSTATUS=Reloading",
      "READY=1\nSTATUS=Serving, reload refused: weir.yaml:1:1: wrong and more",
      "STOPPING=1\nSTATUS=Draining\nEXTEND_TIMEOUT_USEC=35000000",
    ]);
  });
}

Deno.test(
  { name: "Notifier tells of no reload before it is ready or after it stops", ignore },
  async () => {
    await using socket = await NotifySocket.open("path");
    const { notifier } = setUp(socket.env);
    {
      await using _ = notifier;
      notifier.reloading();
      notifier.reloaded("Weir is still starting");
      notifier.stopping(1);
      notifier.reloaded();
      notifier.stopping(2);
    }

    assertEquals(
      (await socket.receive(2)).map((text) => text.split("\n")[2]),
      ["EXTEND_TIMEOUT_USEC=1000", "EXTEND_TIMEOUT_USEC=2000"],
    );
  },
);

Deno.test(
  { name: "Notifier beats three times in the period of the watchdog", ignore },
  async () => {
    await using socket = await NotifySocket.open("path");
    const env = { ...socket.env, WATCHDOG_USEC: "30000000", WATCHDOG_PID: String(PID) };
    const { clock, notifier } = setUp(env);
    {
      await using _ = notifier;
      notifier.ready();
      clock.advance(20_000);
      notifier.stopping(1);
      clock.advance(10_000);
    }

    const beats = (await socket.receive(6)).map((text) => text.split("\n")[0]);
    assertEquals(beats, [
      "READY=1",
      "WATCHDOG=1",
      "WATCHDOG=1",
      "WATCHDOG=1",
      "STOPPING=1",
      "WATCHDOG=1",
    ]);
    // All called off, and with it the deadline of the end.
    assertEquals(clock.delays, []);
  },
);

Deno.test({ name: "Notifier leaves the watchdog of another process alone", ignore }, async () => {
  await using socket = await NotifySocket.open("path");
  const { clock, notifier } = setUp({ ...socket.env, WATCHDOG_USEC: "1000", WATCHDOG_PID: "8" });
  await using _ = notifier;

  notifier.ready();

  assertEquals(clock.delays, []);
  await socket.receive(1);
});

Deno.test("Notifier says why it cannot notify, and goes on", async () => {
  for (const socket of ["vsock:2:1234", "/nowhere/notify"]) {
    const { log, notifier } = setUp({ NOTIFY_SOCKET: socket });
    {
      await using _ = notifier;
      notifier.ready();
    }

    const [fields] = log.fieldsOf("Cannot notify the service manager");
    assertEquals(fields?.["socket"], socket);
    assertStringIncludes(
      String(fields?.["error"]),
      socket.startsWith("/") ? "No such file" : "must be a path or begin with @",
    );
  }
});
