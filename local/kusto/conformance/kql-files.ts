// The project's own KQL as a catalog, read from kql/ without a server: tables, views and functions.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compileQuery } from '../plan/compile.ts';
import type { Catalog, Column, FunctionInfo, KustoType, TableInfo } from '../types.ts';

export interface ViewSource {
  readonly name: string;
  readonly query: string;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) return filesBelow(path);
      return name.endsWith('.kql') ? [path] : [];
    });
}

/** End of the bracket that opens at `start`; text literals and comments are passed over. */
function closing(text: string, start: number): number {
  const pairs: Record<string, string> = { '(': ')', '{': '}' };
  const open = text[start] as string;
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const char = text[i] as string;
    if (char === '"' || char === "'") {
      for (i += 1; i < text.length && text[i] !== char; i++) if (text[i] === '\\') i += 1;
    } else if (char === '/' && text[i + 1] === '/') {
      while (i < text.length && text[i] !== '\n') i += 1;
    } else if (char === open) depth += 1;
    else if (char === pairs[open] && --depth === 0) return i;
  }
  throw new Error('a bracket is not closed');
}

function tablesOf(text: string): TableInfo[] {
  return [...text.matchAll(/^\.create-merge table (\w+)\s*\(/gm)].map((match) => {
    const start = match.index + match[0].length - 1;
    const body = text.slice(start + 1, closing(text, start));
    const columns = body.split(',').map((item): Column => {
      const [name = '', type = ''] = item.trim().split(/\s*:\s*/);
      return { name, type: type as KustoType };
    });
    return { name: match[1] as string, columns, relation: match[1] as string };
  });
}

/** A command's text behind its `with (…)`. */
function declarations(text: string, head: RegExp): string[] {
  return [...text.matchAll(head)].map((match) => {
    const start = match.index + match[0].length;
    const rest = text.slice(start).trimStart();
    if (!rest.startsWith('with')) return rest;
    const open = rest.indexOf('(');
    return rest.slice(closing(rest, open) + 1).trimStart();
  });
}

function functionsOf(text: string): FunctionInfo[] {
  return declarations(text, /^\.create-or-alter function /gm).map((rest) => {
    const open = rest.indexOf('(');
    const end = closing(rest, open);
    const brace = rest.indexOf('{', end);
    return {
      name: rest.slice(0, open).trim(),
      parameters: rest.slice(open, end + 1),
      body: rest.slice(brace, closing(rest, brace) + 1),
    };
  });
}

function viewsOf(text: string): ViewSource[] {
  return declarations(text, /^\.create-or-alter materialized-view /gm).map((rest) => {
    const brace = rest.indexOf('{');
    return { name: /^\w+/.exec(rest)?.[0] ?? '', query: rest.slice(brace + 1, closing(rest, brace)) };
  });
}

export interface Project {
  readonly catalog: Catalog;
  readonly views: readonly ViewSource[];
}

/** Everything that kql/ defines; the columns of views come from compiling their queries, in the order of the files. */
export function projectCatalog(folder: string): Project {
  const text = filesBelow(folder)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const functions = functionsOf(text);
  const views = viewsOf(text);
  let catalog: Catalog = { database: 'framewatch', version: 1, tables: tablesOf(text), functions };
  for (const view of views) {
    const { columns } = compileQuery(view.query, catalog, { now: new Date(0) });
    const table: TableInfo = { name: view.name, columns, relation: view.name, isView: true };
    catalog = { ...catalog, version: catalog.version + 1, tables: [...catalog.tables, table] };
  }
  return { catalog, views };
}
