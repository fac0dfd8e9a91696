// Texts of known shapes, taken apart into bags and arrays.

import { KustoError } from '../types.ts';

/** `parse_csv`: the fields of the first record; quotes may hold commas, line ends and doubled quotes. */
export function parseCsv(text: string): string[] {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (quoted) {
      if (char === '"' && text[i + 1] === '"') field += text[i++];
      else if (char === '"') quoted = false;
      else field += char;
    } else if (char === '"' && field === '') quoted = true;
    else if (char === ',') {
      fields.push(field);
      field = '';
    } else if (char === '\n' || char === '\r') break;
    else field += char;
  }
  return [...fields, field];
}

/** `parse_command_line` for Windows: blanks separate, quotes group, a backslash escapes only before quotes. */
export function parseCommandLine(text: string, kind: string): string[] {
  if (kind.toLowerCase() !== 'windows')
    throw new KustoError('SEM', `parse_command_line: the kind is 'windows', not '${kind}'`);
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let i = 0; i < text.length;) {
    const run = /^(\\*)"/.exec(text.slice(i, i + 1000));
    const char = text[i] as string;
    if (run) {
      const slashes = run[1]?.length ?? 0;
      word = (word ?? '') + '\\'.repeat(slashes >> 1);
      if (slashes % 2 === 1) word += '"';
      else quoted = !quoted;
      i += run[0].length;
      continue;
    }
    if ((char === ' ' || char === '\t') && !quoted) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
    i++;
  }
  return word === undefined ? words : [...words, word];
}

export interface PathParts {
  readonly Scheme: string;
  readonly RootPath: string;
  readonly DirectoryPath: string;
  readonly DirectoryName: string;
  readonly Filename: string;
  readonly Extension: string;
  readonly AlternateDataStreamName: string;
}

/** `parse_path`. Refuses long paths (`\\?\`), whose parts are not documented. */
export function parsePath(path: string): PathParts {
  if (path.startsWith('\\\\?\\')) throw new KustoError('UNSUPPORTED', 'parse_path: paths that begin with \\\\?\\');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):\/\//.exec(path);
  let rest = path.slice(scheme?.[0].length ?? 0);
  const root = /^[A-Za-z]:[\\/]/.exec(rest)?.[0] ?? '';
  const stream = /^(.*[^\\/:]):([^\\/:]+)$/.exec(rest.slice(root.length));
  if (stream) rest = root + (stream[1] ?? '');
  const cut = Math.max(rest.lastIndexOf('/'), rest.lastIndexOf('\\'));
  const directory = cut < 0 ? '' : rest.slice(0, cut);
  if (root !== '' && directory.length < root.length)
    throw new KustoError('UNSUPPORTED', 'parse_path: a file right below the root of a drive');
  const file = rest.slice(cut + 1);
  const dot = file.lastIndexOf('.');
  return {
    Scheme: scheme?.[1] ?? '',
    RootPath: root,
    DirectoryPath: directory,
    DirectoryName: directory.split(/[\\/]/).at(-1) ?? '',
    Filename: file,
    Extension: dot < 0 ? '' : file.slice(dot + 1),
    AlternateDataStreamName: stream?.[2] ?? '',
  };
}

function queryParameters(query: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const part of query.split('&')) {
    if (part === '') continue;
    const cut = part.indexOf('=');
    parameters[cut < 0 ? part : part.slice(0, cut)] = cut < 0 ? '' : part.slice(cut + 1);
  }
  return parameters;
}

/** `parse_urlquery`. */
export function parseUrlQuery(query: string): { 'Query Parameters': Record<string, string> } {
  return { 'Query Parameters': queryParameters(query) };
}

/** `parse_url`: the parts as they are written, not decoded. Refuses what has no scheme with `://`. */
export function parseUrl(url: string): Record<string, string | Record<string, string>> {
  const found =
    /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)(?:([^/?#@:]*)(?::([^/?#@]*))?@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(
      url,
    );
  if (!found) throw new KustoError('UNSUPPORTED', 'parse_url: only absolute URLs, scheme://…, are supported');
  const [, scheme = '', username = '', password = '', host = '', port = '', path = '', query = '', fragment = ''] =
    found;
  return {
    Scheme: scheme,
    Host: host,
    Port: port,
    Path: path,
    Username: username,
    Password: password,
    'Query Parameters': queryParameters(query),
    Fragment: fragment,
  };
}
