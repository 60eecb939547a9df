import { assertEquals } from "@std/assert";
import { FolderWatch } from "../../lib/runtime/folder_watch.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { TempFolder } from "../support/paths.ts";
import { eventually } from "../support/wait.ts";

class WatchBench implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly folder: TempFolder;
  readonly #watch: FolderWatch;
  told = 0;

  private constructor(folder: TempFolder) {
    this.folder = folder;
    const { clock } = this;
    this.#watch = new FolderWatch({ folders: [folder.path], clock, onChange: () => this.told++ });
  }

  static async create(): Promise<WatchBench> {
    return new WatchBench(await TempFolder.create());
  }

  /** Writes a file, and waits until that was noticed. */
  async write(): Promise<void> {
    const before = this.clock.delays.length;
    await this.folder.write("weir.yaml", "");
    await eventually("the event", () => {
      if (this.clock.delays.length === before && before < 2) throw new Error("not yet");
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

Deno.test("FolderWatch tells of a change once nothing has changed for a while", async () => {
  await using b = await WatchBench.create();

  await b.write();
  await b.clock.run(250, 50);
  const early = b.told;
  await eventually("the news", async () => {
    await b.clock.run(100, 50);
    assertEquals(b.told, 1);
  });

  assertEquals(early, 0);
});

Deno.test("FolderWatch looks every half minute, and no more once it is disposed", async () => {
  const b = await WatchBench.create();
  await b.clock.run(60_000, 1000);
  const { told } = b;

  await b[Symbol.asyncDispose]();
  await b.clock.run(60_000, 1000);

  assertEquals([told, b.told, b.clock.delays], [2, 2, []]);
});
