/** What the browser remembers of this page; `undefined` when nothing, or when it may not. */
export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(`weir-${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Lets the browser remember something, or forget it. Where it may not, it lasts as the page does. */
export function remember(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`weir-${key}`);
    else localStorage.setItem(`weir-${key}`, value);
  } catch {
    // Forbidden by its settings.
  }
}
