// ASP.NET route templates: `v1/{id}/{kind?}`, `{n:int}`, `{*rest}`. Without case.

export interface Route {
  /** Route parameters when the path matches; missing optional ones are absent. */
  match(path: string): Record<string, string> | undefined;
  /** Literal segments first, then constrained, then free, then catch-all. */
  readonly rank: string;
}

const CONSTRAINTS: Readonly<Record<string, string>> = {
  int: '-?\\d+',
  long: '-?\\d+',
  bool: 'true|false',
  alpha: '[A-Za-z]+',
  guid: '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}',
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function segmentPattern(segment: string, names: string[]): { pattern: string; rank: string } {
  const parameter = /^\{(\*{0,2})(\w+)(?::(\w+))?(\?)?\}$/.exec(segment);
  if (!parameter) {
    if (/[{}]/.test(segment)) throw new Error(`route segment "${segment}" is not supported by the local host`);
    return { pattern: `/${escaped(segment)}`, rank: '0' };
  }
  const [, star = '', name = '', constraint, optional] = parameter;
  names.push(name);
  if (star !== '') return { pattern: '(?:/(.*))?', rank: '3' };
  const known = constraint === undefined ? '[^/]+' : CONSTRAINTS[constraint];
  if (known === undefined) throw new Error(`route constraint "${constraint}" is not supported by the local host`);
  const body = `/(${known})`;
  return { pattern: optional === undefined ? body : `(?:${body})?`, rank: constraint === undefined ? '2' : '1' };
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** @throws when the template uses what this host does not understand */
export function compileRoute(template: string): Route {
  const names: string[] = [];
  const segments = template
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => segmentPattern(segment, names));
  const pattern = new RegExp(`^${segments.map((segment) => segment.pattern).join('')}/?$`, 'i');
  return {
    rank: segments.map((segment) => segment.rank).join(''),
    match(path) {
      const match = pattern.exec(path);
      if (!match) return undefined;
      const params: Record<string, string> = {};
      names.forEach((name, index) => {
        const value = match[index + 1];
        if (value !== undefined && value !== '') params[name] = decoded(value);
      });
      return params;
    },
  };
}
