/** One server-sent event. */
export interface ServerEvent {
  readonly type: string;
  /** As it was sent. */
  readonly data: string;
}

/** Takes a stream of server-sent events apart (HTML standard, section 9.2). */
export async function* readEvents(pieces: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let rest = "";
  for await (const piece of pieces) {
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event !== undefined) yield event;
    }
  }
}

/** One line for people: the time, what happened, and to whom. */
export function eventText({ type, data }: ServerEvent): string {
  const { at, ...fields } = JSON.parse(data) as Record<string, unknown>;
  const words = Object.entries(fields).map(([name, value]) => {
    const text = String(value);
    return `${name}=${/[\s"]/.test(text) ? JSON.stringify(text) : text}`;
  });
  return [at, type, ...words].join(" ");
}

function parseBlock(block: string): ServerEvent | undefined {
  const fields = new Map(
    block.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()] as const;
    }),
  );
  const type = fields.get("event");
  const data = fields.get("data");
  return type === undefined || data === undefined ? undefined : { type, data };
}
