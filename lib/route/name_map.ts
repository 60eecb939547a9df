/**
 * Values by names of hosts: the exact name, else the longest wildcard above it. `*.example.com` stands
 * for every name below example.com, not for itself.
 */
export class NameMap<T> {
  readonly #exact = new Map<string, T>();
  /** By what stands behind the `*.` of a wildcard. */
  readonly #below = new Map<string, T>();

  /** @param entries lower-case names, without a dot at the end */
  constructor(entries: Iterable<readonly [name: string, value: T]>) {
    for (const [name, value] of entries) {
      if (name.startsWith("*.")) this.#below.set(name.slice(2), value);
      else this.#exact.set(name, value);
    }
  }

  /** The value for a lower-case name; `undefined` when nothing stands for it. */
  find(name: string): T | undefined {
    const exact = this.#exact.get(name);
    if (exact !== undefined || this.#below.size === 0) return exact;
    for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) {
      const value = this.#below.get(name.slice(dot + 1));
      if (value !== undefined) return value;
    }
    return undefined;
  }
}
