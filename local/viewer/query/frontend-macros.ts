// Macros that the plugin expands in the browser, before the backend sees the query. They do not work in alert rules.

type Expand = (text: string) => string;

/** Index after the parenthesis that closes the one before `start`; quotes hide parentheses. -1 when it is never closed. */
function closingParenthesis(text: string, start: number): number {
  let depth = 1;
  let quote = '';
  for (let index = start; index < text.length; index += 1) {
    const char = text[index] as string;
    if (quote !== '') {
      if (char === '\\') index += 1;
      else if (char === quote) quote = '';
    } else if (char === "'" || char === '"') quote = char;
    else if (char === '(') depth += 1;
    else if (char === ')') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return -1;
}

function replaceCalls(query: string, name: string, expand: Expand): string {
  const opening = `$__${name}(`;
  let result = '';
  let rest = query;
  for (;;) {
    const at = rest.indexOf(opening);
    const end = at < 0 ? -1 : closingParenthesis(rest, at + opening.length);
    if (end < 0) return result + rest;
    result += rest.slice(0, at) + expand(rest.slice(at + opening.length, end));
    rest = rest.slice(end + 1);
  }
}

const contains: Expand = (argument) => {
  const comma = argument.indexOf(',');
  const column = argument.slice(0, comma).trim();
  const values = argument.slice(comma + 1).trim();
  return values.toLowerCase() === 'all' ? '1 == 1' : `${column} in (${values})`;
};

const escapeMulti: Expand = (argument) => {
  const inner = argument.trim();
  if (!inner.startsWith("'") || !inner.endsWith("'")) return inner;
  return inner
    .slice(1, -1)
    .split(/',\s*'/)
    .map((value) => `@'${value}'`)
    .join(', ');
};

/**
 * `$__contains(col, $v)` → `col in ('a','b')`, or `1 == 1` for the custom All value `all`; `$__escapeMulti($v)` → `@'a', @'b'`.
 * `interpolateArgument` puts the variables in first, so that values holding parentheses cannot end the call.
 */
export function expandFrontendMacros(query: string, interpolateArgument: Expand): string {
  const withContains = replaceCalls(query, 'contains', (argument) => contains(interpolateArgument(argument)));
  return replaceCalls(withContains, 'escapeMulti', (argument) => escapeMulti(interpolateArgument(argument)));
}
