import { assertEquals } from "@std/assert";
import { startNginx } from "../support/peer_processes.ts";
import { peerTest } from "../support/peers.ts";
import { runToEnd } from "../support/process.ts";
import { Scenario } from "../support/scenario.ts";

peerTest(
  "curl keeps its connection through Weir to NGINX",
  ["nginx", "curl"],
  async ({ nginx, curl }) => {
    await using one = await startNginx(nginx, "one");
    await using two = await startNginx(nginx, "two");
    await using scenario = await Scenario.start({ backends: [one.address, two.address] });
    const url = `http://${scenario.address}/?[1-50]`;

    const runs = [];
    for (let i = 0; i < 2; i++) {
      const argv = [curl, "--silent", "--show-error", "--fail", url];
      runs.push(await runToEnd({ name: "curl", argv }));
    }

    // One connection per curl, so all of its requests go to one backend; either may be the first.
    const answers = runs.map(({ stdout }) => stdout.trim().split("\n"));
    assertEquals(answers.toSorted(), [numbered("one"), numbered("two")]);
    assertEquals((await scenario.listenerStatus()).accepted, 2);
  },
);

function numbered(name: string): string[] {
  return Array.from({ length: 50 }, (_, index) => `${name} ${index + 1}`);
}
