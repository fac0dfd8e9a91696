import { KustoError, type Catalog } from '../types.ts';
import { isSyntaxError, kustoCodeOf } from './error-codes.ts';
import { items, language, type Code, type Diagnostic, type GlobalState, type Syntax } from './language.ts';

const globalsByCatalog = new WeakMap<Catalog, GlobalState>();

/** A name as KQL writes it, in brackets where it is no plain word. */
export const quoteName = (name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `['${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}']`;

/** What the names in a query of this catalog stand for. Building it for 20 tables and 50 functions takes 2 to 6 ms, so it is kept. */
export function globalsOf(catalog: Catalog): GlobalState {
  const known = globalsByCatalog.get(catalog);
  if (known) return known;
  const { Symbols, GlobalState } = language();
  const members: object[] = [];
  for (const table of catalog.tables) {
    const schema = `(${table.columns.map((column) => `${quoteName(column.name)}:${column.type}`).join(', ')})`;
    members.push(
      table.isView === true
        ? new Symbols.MaterializedViewSymbol.$ctor3(table.name, schema, '', '')
        : Symbols.TableSymbol.From(schema).WithName(table.name),
    );
  }
  for (const fn of catalog.functions) {
    members.push(new Symbols.FunctionSymbol.$ctor16(fn.name, fn.parameters, fn.body, ''));
  }
  const globals = GlobalState.Default.WithDatabase(
    new Symbols.DatabaseSymbol.ctor(catalog.database, members),
  ).WithCache();
  globalsByCatalog.set(catalog, globals);
  return globals;
}

/** Line and column of a place in the text, from 1. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, Math.max(0, offset));
  const line = before.split('\n').length;
  return { line, column: before.length - before.lastIndexOf('\n') };
}

/** The parser wants a condition in `count(x)`; Kusto takes any column and counts rows. */
const isCountOfColumn = (text: string, d: Diagnostic): boolean =>
  d.Code === 'KS107' && d.Message.includes('bool') && /\bcount\s*\(\s*$/.test(text.slice(0, d.Start));

/** The parser wants whole seconds in make_timespan; Kusto takes fractions. */
const isSecondsOfTimespan = (text: string, d: Diagnostic): boolean =>
  d.Message.includes('must be an integer') && /\bmake_timespan\s*\([^()]*,\s*$/.test(text.slice(0, d.Start));

/** The parser knows bag_unpack with two arguments; Kusto takes four, by name as well. */
const isOptionOfBagUnpack = (text: string, d: Diagnostic): boolean =>
  (d.Code === 'KS119' && d.Message.startsWith("The function 'bag_unpack' expects")) ||
  (d.Code === 'KS107' && /\bbag_unpack\s*\([^()|]*,\s*ignoredProperties\s*=\s*$/.test(text.slice(0, d.Start)));

/** Parses and binds. Throws KustoError SYN or SEM for the first error found. */
export function analyze(text: string, catalog: Catalog): Code {
  let code: Code;
  try {
    code = language().KustoCode.ParseAndAnalyze(text, globalsOf(catalog));
  } catch (error) {
    // The parser is a machine translation and may fail on broken input.
    const reason = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
    throw new KustoError('SYN', `Syntax error: the query could not be parsed (${reason})`);
  }
  const errors = items(code.GetDiagnostics()).filter(
    (d) =>
      d.Severity === 'Error' &&
      !isCountOfColumn(text, d) &&
      !isOptionOfBagUnpack(text, d) &&
      !isSecondsOfTimespan(text, d),
  );
  const inOrder = errors.sort((a, b) => a.Start - b.Start);
  const first = inOrder.find(isSyntaxError) ?? inOrder[0];
  if (first) {
    const at = positionOf(text, first.Start);
    const syntax = isSyntaxError(first);
    const code = kustoCodeOf(first);
    const place = `[line:position=${at.line}:${at.column}]`;
    throw new KustoError(
      syntax ? 'SYN' : 'SEM',
      syntax ? `Syntax error: ${code}${first.Message} ${place}` : `Semantic error: ${code}${first.Message} ${place}`,
      at,
    );
  }
  return code;
}

function tokens(node: Syntax, out: Syntax[]): void {
  if (node.IsToken === true) out.push(node);
  for (let i = 0; i < node.ChildCount; i++) {
    const child = node.GetChild(i);
    if (child) tokens(child, out);
  }
}

/** Text of a node without the white space and comments around it. */
export function textOf(node: Syntax): string {
  const list: Syntax[] = [];
  tokens(node, list);
  return list.map((token, i) => (i === 0 ? '' : (token.Trivia ?? '')) + (token.Text ?? '')).join('');
}
