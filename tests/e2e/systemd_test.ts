import { assertEquals, assertMatch } from "@std/assert";
import { NotifySocket } from "../support/notify_socket.ts";
import { TempFolder } from "../support/paths.ts";
import { peerTest } from "../support/peers.ts";
import { runToEnd } from "../support/process.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";
import { ROOT } from "../support/weir.ts";

const UNIT = `${ROOT}deploy/systemd/weir.service`;
/** In tenths, what `systemd-analyze security` may say at most: 0 is sealed, 100 is open. */
const EXPOSURE = 20;

Deno.test({
  name: "systemd hears that Weir is ready, alive, reloading and stopping",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using socket = await NotifySocket.open("path");
    await using server = echo();
    const env = { ...socket.env, WATCHDOG_USEC: "3600000000" };
    await using scenario = await Scenario.start({ backends: [server.address], launch: { env } });

    assertEquals(await socket.receive(2), ["READY=1\nSTATUS=Serving", "WATCHDOG=1"]);

    await scenario.reload(await scenario.config());
    assertEquals(await socket.receive(2), [
      "RELOADING=1\nSTATUS=Reloading",
      "READY=1\nSTATUS=Serving",
    ]);

    await scenario.reload({ ...await scenario.config(), workers: "many" });
    const [, refused = ""] = await socket.receive(2);
    assertMatch(refused, /^READY=1\nSTATUS=Serving, reload refused: .*workers: must be/);

    scenario.weir.signal("SIGTERM");
    const [stopping = ""] = await socket.receive(1);
    assertMatch(stopping, /^STOPPING=1\nSTATUS=Draining\nEXTEND_TIMEOUT_USEC=\d+$/);
    assertEquals((await scenario.weir.finished()).code, 0);
  },
});

peerTest("the unit file is sound", ["systemd-analyze"], async (paths) => {
  await using folder = await TempFolder.create();
  const text = await Deno.readTextFile(UNIT);
  // What is verified too: that the program is there.
  const path = await folder.write(
    "weir.service",
    text.replace("=/usr/local/bin/weir", "=/bin/true"),
  );

  const { code, stdout, stderr } = await runToEnd({
    name: "systemd-analyze",
    argv: [paths["systemd-analyze"], "verify", "--man=no", "--recursive-errors=no", path],
  });

  assertEquals([code, stdout, stderr], [0, "", ""]);
});

peerTest("the unit file leaves little open", ["systemd-analyze"], async (paths) => {
  const { code, stdout } = await runToEnd({
    name: "systemd-analyze",
    argv: [paths["systemd-analyze"], "security", "--offline=true", `--threshold=${EXPOSURE}`, UNIT],
  });

  assertMatch(stdout, /Overall exposure level for weir\.service: [01]\.\d OK/);
  assertEquals(code, 0);
});
