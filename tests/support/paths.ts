/** Path of a `file:` URL, decoded. */
export function fromFileUrl(url: URL): string {
  return decodeURIComponent(url.pathname);
}

/** A new folder, removed with all that is in it when the test lets go of it. */
export class TempFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<TempFolder> {
    // Short, because the path of a Unix socket has 107 bytes at most.
    return new TempFolder(await Deno.makeTempDir({ prefix: "weir-" }));
  }

  /** Writes a file and returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = `${this.path}/${name}`;
    await Deno.writeTextFile(path, text);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
