/** The record of a number: 0 to 60 bytes that follow from it. */
export function recordOf(number: number): Uint8Array {
  return Uint8Array.from({ length: number % 61 }, (_, place) => number * 7 + place);
}
