import { messageOf } from "../core/errors.ts";

/** A listener's address could not be bound. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly listener: string;

  constructor(listener: string, cause: unknown) {
    super(messageOf(cause), { cause });
    this.listener = listener;
  }
}
