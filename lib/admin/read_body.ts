import type { Clock } from "../core/clock.ts";
import { RequestError } from "./respond.ts";

/** No change is longer by far; a whole configuration of thousands of backends still fits. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** From the head of a request to the end of its body. */
export const BODY_TIMEOUT_MS = 10_000;

/**
 * The JSON value that a request carries.
 *
 * The content type has to say so: a form of another site cannot, without the browser asking first.
 *
 * @throws {RequestError} when there is none, it is too long or does not come in time
 */
export async function readJson(request: Request, clock: Clock): Promise<unknown> {
  const [type = ""] = (request.headers.get("content-type") ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/json") {
    throw new RequestError(415, "Cannot read body: content-type must be application/json");
  }
  const bytes = await readBytes(request, clock);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new RequestError(400, "Cannot read body: must be JSON in UTF-8");
  }
}

async function readBytes({ body }: Request, clock: Clock): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  const late = Promise.withResolvers<never>();
  using _timer = clock.after(BODY_TIMEOUT_MS, () => {
    late.reject(new RequestError(408, "Cannot read body: it did not come in time"));
  });
  const chunks: Uint8Array[] = [];
  try {
    for (let size = 0;;) {
      const { value } = await Promise.race([reader.read(), late.promise]);
      if (value === undefined) return await new Blob(chunks as BlobPart[]).bytes();
      size += value.length;
      if (size > MAX_BODY_BYTES) {
        throw new RequestError(413, `Cannot read body: must be at most ${MAX_BODY_BYTES} bytes`);
      }
      chunks.push(value);
    }
  } catch (error) {
    // What is still to come is not waited for, nor is what becomes of that.
    void reader.cancel().catch(() => {});
    if (error instanceof RequestError) throw error;
    throw new RequestError(400, "Cannot read body: the connection broke");
  }
}
