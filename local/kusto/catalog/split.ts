// Cutting KQL text at characters that stand outside strings, comments and brackets.

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** The offset just after the string literal or comment that starts at `at`; `at` itself when none does. */
export function skipLiteral(text: string, at: number): number {
  const c = text[at];
  if (c === '/' && text[at + 1] === '/') {
    const end = text.indexOf('\n', at);
    return end < 0 ? text.length : end;
  }
  for (const fence of ['```', '~~~']) {
    if (!text.startsWith(fence, at)) continue;
    const end = text.indexOf(fence, at + 3);
    return end < 0 ? text.length : end + 3;
  }
  if (c === '@' && (text[at + 1] === '"' || text[at + 1] === "'")) {
    const quote = text[at + 1] ?? '"';
    let end = at + 2;
    for (;;) {
      end = text.indexOf(quote, end);
      if (end < 0) return text.length;
      if (text[end + 1] !== quote) return end + 1;
      end += 2;
    }
  }
  if (c !== '"' && c !== "'") return at;
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === c) return i + 1;
  }
  return text.length;
}

/** Calls `visit` for every character outside literals and comments, with the depth of brackets around it. */
export function scanTop(text: string, visit: (c: string, at: number, depth: number) => boolean | void, from = 0): void {
  let depth = 0;
  for (let at = from; at < text.length;) {
    const next = skipLiteral(text, at);
    if (next > at) {
      at = next;
      continue;
    }
    const c = text[at] ?? '';
    if (c === ')' || c === ']' || c === '}') depth -= 1;
    if (visit(c, at, depth) === false) return;
    if (c in CLOSING) depth += 1;
    at += 1;
  }
}

/** Parts between separators at depth 0, trimmed. */
export function splitTop(text: string, separator: string): string[] {
  const cuts: number[] = [];
  scanTop(text, (c, at, depth) => {
    if (c === separator && depth === 0) cuts.push(at);
  });
  let from = 0;
  const parts = cuts.map((cut) => {
    const part = text.slice(from, cut).trim();
    from = cut + 1;
    return part;
  });
  return [...parts, text.slice(from).trim()];
}

/** Offset of the bracket that closes the one at `open`; -1 when none does. */
export function closingOf(text: string, open: number): number {
  let found = -1;
  scanTop(
    text,
    (c, at, depth) => {
      if (depth !== 0 || at === open || !(c === ')' || c === ']' || c === '}')) return true;
      found = at;
      return false;
    },
    open,
  );
  return found;
}

/** Text without comments (literals stay). */
export function withoutComments(text: string): string {
  let out = '';
  for (let at = 0; at < text.length;) {
    const next = skipLiteral(text, at);
    if (next === at) {
      out += text[at];
      at += 1;
    } else {
      if (!text.startsWith('//', at)) out += text.slice(at, next);
      at = next;
    }
  }
  return out;
}
