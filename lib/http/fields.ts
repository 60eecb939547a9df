import { CLASS, SPACE, TEXT, TOKEN } from "./chars.ts";
import { FIELD, type FieldId, hashName, identify, isName } from "./field_names.ts";

/** Where the name and the value of one field stand. */
export interface FieldLine {
  /** Holds the line: the head that it was found in, or nothing else. */
  readonly text: string;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly hash: number;
  readonly id: FieldId;
  /** The text reads `Name: value` CRLF exactly, so it can be copied as it stands. */
  readonly isPlain: boolean;
}

/**
 * The field lines of a message in order, with their names as they were sent.
 *
 * Names are looked up in lower case. Every name and value in a list is free of CR, LF, NUL and
 * other bytes that the grammar forbids, whoever put it there.
 */
export class FieldList {
  #lines: FieldLine[] = [];
  /** One bit for each {@linkcode FieldId} that is here: most questions have the answer no. */
  #ids = 0;

  /** Number of field lines. */
  get count(): number {
    return this.#lines.length;
  }

  /** Value of the first field of that name. */
  get(lowerName: string): string | undefined {
    const index = this.#find(lowerName, 0);
    return index === -1 ? undefined : this.valueAt(index);
  }

  /** Values of all fields of that name, in order. */
  getAll(lowerName: string): string[] {
    const values: string[] = [];
    for (let i = this.#find(lowerName, 0); i !== -1; i = this.#find(lowerName, i + 1)) {
      values.push(this.valueAt(i));
    }
    return values;
  }

  has(lowerName: string): boolean {
    return this.#find(lowerName, 0) !== -1;
  }

  /** Whether there is a field that is known by that id. */
  hasId(id: FieldId): boolean {
    return (this.#ids & (1 << id)) !== 0;
  }

  /** Whether there is one of several, given as a sum of `1 << id`. */
  hasAnyOf(ids: number): boolean {
    return (this.#ids & ids) !== 0;
  }

  /** Takes out every field of that name. */
  delete(lowerName: string): void {
    const first = this.#find(lowerName, 0);
    if (first === -1) return;
    const hash = hashName(lowerName);
    const { length } = lowerName;
    let kept = first;
    for (let i = first + 1; i < this.#lines.length; i++) {
      const line = this.#lines[i]!;
      if (!matches(line, lowerName, hash, length)) this.#lines[kept++] = line;
    }
    this.#cutTo(kept);
  }

  /** Takes out every field for which `shouldDrop` says so. */
  deleteWhere(shouldDrop: (fields: FieldList, index: number) => boolean): void {
    let kept = 0;
    const lines = this.#lines;
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!;
      if (!shouldDrop(this, i)) lines[kept++] = line;
    }
    if (kept < lines.length) this.#cutTo(kept);
  }

  /**
   * Makes `value` the only value of `name`, at the place of the first one or at the end.
   *
   * @throws {TypeError} when either holds a byte that a field cannot hold
   */
  set(name: string, value: string): void {
    const line = createLine(name, value);
    const lowerName = name.toLowerCase();
    const first = this.#find(lowerName, 0);
    if (first === -1) return this.appendLine(line);
    this.#lines[first] = line;
    const hash = hashName(lowerName);
    let kept = first + 1;
    for (let i = kept; i < this.#lines.length; i++) {
      const other = this.#lines[i]!;
      if (!matches(other, lowerName, hash, name.length)) this.#lines[kept++] = other;
    }
    this.#cutTo(kept);
  }

  /**
   * Adds a field at the end.
   *
   * @throws {TypeError} when name or value holds a byte that a field cannot hold
   */
  append(name: string, value: string): void {
    this.appendLine(createLine(name, value));
  }

  /** Adds a line that the parser or {@linkcode createLine} has checked. */
  appendLine(line: FieldLine): void {
    this.#lines.push(line);
    this.#ids |= 1 << line.id;
  }

  /** Name of field `index`, as it was sent. */
  nameAt(index: number): string {
    return nameOf(this.#lineAt(index));
  }

  /** Value of field `index`, without the white space around it. */
  valueAt(index: number): string {
    return valueOf(this.#lineAt(index));
  }

  /** Value of field `index` with the white space around it, but for one space before it. */
  rawValueAt(index: number): string {
    const { text, nameEnd, valueEnd } = this.#lineAt(index);
    const start = text.charCodeAt(nameEnd + 1) === SPACE ? nameEnd + 2 : nameEnd + 1;
    return text.slice(start, text.indexOf("\r", valueEnd));
  }

  /** Which known field `index` is. */
  idAt(index: number): FieldId {
    return this.#lineAt(index).id;
  }

  /** Whether field `index` has that name. */
  isNamed(index: number, lowerName: string): boolean {
    const { text, nameStart, nameEnd } = this.#lineAt(index);
    return isName(text, nameStart, nameEnd, lowerName);
  }

  /** A list of its own with the same fields. */
  clone(): FieldList {
    const copy = new FieldList();
    copy.#lines = this.#lines.slice();
    copy.#ids = this.#ids;
    return copy;
  }

  /** Names and values in order. */
  *[Symbol.iterator](): Generator<readonly [name: string, value: string]> {
    for (let i = 0; i < this.#lines.length; i++) yield [this.nameAt(i), this.valueAt(i)];
  }

  /**
   * Every field but `Content-Length` and `Transfer-Encoding` as `Name: value` CRLF, one after the
   * other. Neighbours that need no change are one slice of the text they were parsed from.
   */
  toText(): string {
    const lines = this.#lines;
    let text = "";
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!;
      if (isFraming(line.id)) continue;
      if (!line.isPlain) {
        text += `${nameOf(line)}: ${valueOf(line)}\r\n`;
        continue;
      }
      let end = line.valueEnd + 2;
      for (; i + 1 < lines.length && follows(lines[i + 1]!, line, end); i++) {
        end = lines[i + 1]!.valueEnd + 2;
      }
      text += line.text.slice(line.nameStart, end);
    }
    return text;
  }

  #cutTo(count: number): void {
    this.#lines.length = count;
    this.#ids = 0;
    for (let i = 0; i < count; i++) this.#ids |= 1 << this.#lines[i]!.id;
  }

  #find(lowerName: string, from: number): number {
    const lines = this.#lines;
    const hash = hashName(lowerName);
    const { length } = lowerName;
    for (let i = from; i < lines.length; i++) {
      if (matches(lines[i]!, lowerName, hash, length)) return i;
    }
    return -1;
  }

  #lineAt(index: number): FieldLine {
    const line = this.#lines[index];
    if (line === undefined) throw new RangeError(`Cannot read field ${index}: out of range`);
    return line;
  }
}

function matches(line: FieldLine, lowerName: string, hash: number, length: number): boolean {
  return line.hash === hash && line.nameEnd - line.nameStart === length &&
    isName(line.text, line.nameStart, line.nameEnd, lowerName);
}

function isFraming(id: FieldId): boolean {
  return id === FIELD.contentLength || id === FIELD.transferEncoding;
}

/** Whether `next` stands right behind `end` in the text of `line`, and can be copied with it. */
function follows(next: FieldLine, line: FieldLine, end: number): boolean {
  return next.isPlain && next.nameStart === end && next.text === line.text && !isFraming(next.id);
}

function nameOf(line: FieldLine): string {
  return line.text.slice(line.nameStart, line.nameEnd);
}

function valueOf(line: FieldLine): string {
  return line.text.slice(line.valueStart, line.valueEnd);
}

/**
 * A field line to be put into many lists, checked once.
 *
 * @throws {TypeError} when name or value holds a byte that a field cannot hold
 */
export function createLine(name: string, value: string): FieldLine {
  if (name === "") throw new TypeError(`Cannot set a field: name must not be empty`);
  assertClass(name, TOKEN, "name");
  assertClass(value, TEXT, "value");
  const hash = hashName(name);
  const text = `${name}: ${value}\r\n`;
  return {
    text,
    nameStart: 0,
    nameEnd: name.length,
    valueStart: name.length + 2,
    valueEnd: text.length - 2,
    hash,
    id: identify(name, 0, name.length, hash),
    isPlain: true,
  };
}

function assertClass(text: string, flag: number, what: string): void {
  for (let i = 0; i < text.length; i++) {
    // Beyond the table is `undefined`, which has no flags.
    if ((CLASS[text.charCodeAt(i)]! & flag) === 0) {
      throw new TypeError(`Cannot set a field: ${what} holds a character that it must not`);
    }
  }
}
