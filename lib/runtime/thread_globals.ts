/**
 * Takes away what the runtime gives every thread whatever its permissions: ending the process, and a
 * cache on the disk. Code that is already hostile may find other ways; this closes the open doors.
 */
export function takeAwayGlobals(): void {
  for (const name of ["kill", "exit", "addSignalListener", "removeSignalListener"]) {
    Reflect.deleteProperty(Deno, name);
  }
  for (const name of ["caches", "localStorage", "sessionStorage", "process"]) {
    Reflect.deleteProperty(globalThis, name);
  }
}
