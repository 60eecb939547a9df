/**
 * Blanks comments, and the text inside strings, templates and regular expressions, with spaces.
 *
 * Length, line ends and quotes stay, so an offset into the result is an offset into `source`.
 * Good enough for code that `deno fmt` has formatted; it is not a parser.
 */
export function maskSource(source: string): string {
  let masked = "";
  // One entry for each `${` that is open, counting the braces opened inside it.
  const braces: number[] = [];
  let position = 0;
  while (position < source.length) {
    const end = tokenEnd(source, position, { braces, before: masked });
    masked += blank(source.slice(position, end));
    position = end;
  }
  return masked;
}

interface ScanState {
  readonly braces: number[];
  /** What was masked so far: tells a division from a regular expression. */
  readonly before: string;
}

function tokenEnd(source: string, start: number, state: ScanState): number {
  const { braces } = state;
  const depth = braces.at(-1);
  switch (source[start]) {
    case '"':
    case "'":
      return matchEnd(/(["'])(?:\\[^]|(?!\1)[^\\\n])*\1?/y, source, start);
    case "`":
      return templateEnd(source, start, braces);
    case "{":
      if (depth !== undefined) braces[braces.length - 1] = depth + 1;
      return start + 1;
    case "}":
      if (depth === undefined) return start + 1;
      if (depth > 0) {
        braces[braces.length - 1] = depth - 1;
        return start + 1;
      }
      braces.pop();
      return templateEnd(source, start, braces);
    case "/":
      return slashEnd(source, start, state.before);
    default:
      return start + 1;
  }
}

/** The end of template text that starts after the quote or brace at `start`. */
function templateEnd(source: string, start: number, braces: number[]): number {
  const end = matchEnd(/[`}](?:\\[^]|(?!\$\{)[^\\`])*(?:`|\$\{)?/y, source, start);
  if (source.endsWith("${", end)) braces.push(0);
  return end;
}

function slashEnd(source: string, start: number, before: string): number {
  if (source.startsWith("//", start)) return matchEnd(/[^\n]*/y, source, start);
  if (source.startsWith("/*", start)) {
    return matchEnd(/\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?/y, source, start);
  }
  if (!startsExpression(before)) return start + 1;
  return matchEnd(/\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/|\//y, source, start);
}

/** True where a value may stand next, so that a slash opens a regular expression. */
function startsExpression(before: string): boolean {
  return /(?:^|[([{,;:=!?&|+\-*%<>~^}]|\b(?:return|typeof|case|in|of|await|yield|void))\s*$/
    .test(before.slice(-200));
}

function matchEnd(pattern: RegExp, source: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(source) ? pattern.lastIndex : start + 1;
}

/** Keeps the delimiters of strings and templates; of comments and patterns nothing. */
function blank(token: string): string {
  if (token.length === 1) return token;
  if (token.startsWith("/")) return spaces(token);
  const tail = token.endsWith("${") ? -2 : -1;
  return token.slice(0, 1) + spaces(token.slice(1, tail)) + token.slice(tail);
}

function spaces(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
