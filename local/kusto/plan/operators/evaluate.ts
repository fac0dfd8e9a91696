// evaluate: bag_unpack and pivot with a declared output schema, narrow.

import { textOf } from '../../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import { convert, toText } from '../../sql/convert.ts';
import { quote, type Value } from '../../sql/value.ts';
import type { KustoType } from '../../types.ts';
import { TIME_PARSERS } from '../binary.ts';
import { argumentNodes, nameOfCall } from '../call.ts';
import { reference, type Relation, type RelationColumn } from '../relation.ts';
import { Row } from '../row.ts';
import { withColumns } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';
import { AggregateList } from './summarize.ts';

interface Wanted {
  readonly name: string;
  readonly type: KustoType;
}

const ALIASES: Readonly<Record<string, KustoType>> = {
  double: 'real',
  date: 'datetime',
  time: 'timespan',
  boolean: 'bool',
};

/** `: (a:long, b:string)` behind the plugin; a leading `*` stands for the columns of the input. */
function declaredSchema(t: Translator, node: Syntax, name: string): { wanted: Wanted[]; star: boolean } {
  const schema = node.Schema?.Schema as Syntax | undefined;
  if (!schema) {
    return t.session.refuse(
      `evaluate ${name} without an output schema, whose columns depend on the data; write evaluate ${name}(…) : (a:long, b:string)`,
      node,
    );
  }
  const wanted = elements(schema.Columns).map((column) => {
    const word = textOf(column.Type as Syntax).toLowerCase();
    return { name: (column.Name as Syntax).SimpleName ?? '', type: ALIASES[word] ?? (word as KustoType) };
  });
  return { wanted, star: textOf(schema).replace(/\s/g, '').startsWith('(*') };
}

function bagUnpack(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const nodes = argumentNodes(node.FunctionCall as Syntax);
  const { wanted, star } = declaredSchema(t, node, 'bag_unpack');
  const column = nodes[0] as Syntax;
  const prefix = nodes[1] && kindOf(nodes[1]) === 'LiteralExpression' ? String(t.constant(nodes[1], scope)) : '';
  if (nodes.length > (prefix === '' ? 1 : 2)) t.session.refuse('bag_unpack with these options', node);
  const row = new Row(t.session, input);
  const bag = row.hold(t.scalar(column, row, scope));
  const rest = input.columns.filter((item) => item.name !== column.SimpleName);
  const values = wanted.map(({ name, type }): RelationColumn => {
    const own = rest.find((item) => item.name === name);
    if (own) return own;
    const key = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    const path = quote(`$."${key}"`);
    const raw: Value = {
      sql: `nullif(CAST(json_extract(${bag.sql}, ${path}) AS VARCHAR), 'null')`,
      type: 'dynamic',
      path: { base: bag.sql, path },
    };
    const sql = type === 'dynamic' ? raw.sql : convert(raw, type, TIME_PARSERS, row);
    if (sql === undefined || /["\\]/.test(key)) return t.session.refuse(`bag_unpack of ${name}`, node);
    return { name, value: { sql, type, ...(type === 'string' ? { notNull: true } : {}) } };
  });
  const placed = withColumns(
    t.session,
    row,
    values.map((item) => item.value),
  );
  const made = values.map((item, i) => ({ name: item.name, value: placed.columns[i] as Value }));
  const names = new Set(made.map((item) => item.name));
  return {
    ...input,
    from: placed.from,
    columns: star ? [...rest.filter((item) => !names.has(item.name)), ...made] : made,
  };
}

/** `pivot(column, aggregate, keys…)`: every declared column that is no key counts the rows whose column has its name as value. */
function pivot(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const [column, aggregate, ...keyNodes] = argumentNodes(node.FunctionCall as Syntax);
  const { wanted } = declaredSchema(t, node, 'pivot');
  if (!column || !aggregate || keyNodes.length === 0)
    return t.session.refuse('pivot without an aggregate and its key columns', node);
  const inner = new Row(t.session, input);
  const chosen = inner.atom(toText(t.scalar(column, inner, scope), inner));
  const keys = keyNodes.map((item) => ({ name: item.SimpleName ?? '', value: t.scalar(item, inner, scope) }));
  const list = new AggregateList(inner);
  const outer = new Row(t.session, undefined, { aggregates: list });
  const value = t.scalar(aggregate, outer, scope);
  const placed = withColumns(
    t.session,
    inner,
    keys.map((item) => item.value),
  );
  const groups = placed.columns.map((item) => item.sql);
  const long = `(SELECT ${[...groups, `${chosen} AS name`, ...list.select].join(', ')} FROM ${placed.from} GROUP BY ${[...groups, chosen].join(', ')})`;
  const cells = withColumns(t.session, outer, [value], long);
  const cell = cells.columns[0] as Value;
  const made = wanted.map(({ name, type }) => {
    const at = keys.findIndex((key) => key.name === name);
    const id = t.session.id();
    if (at >= 0) return { name, id, sql: undefined, group: groups[at] as string, value: placed.columns[at] as Value };
    if (type !== cell.type)
      return t.session.refuse(`pivot column ${name}:${type}, the aggregate gives ${cell.type}`, node);
    const empty = type === 'long' || type === 'real' ? '0' : 'NULL';
    return {
      name,
      id,
      sql: `coalesce(max(${cell.sql}) FILTER (WHERE name = ${quote(name)}), ${empty})`,
      group: '',
      value: cell,
    };
  });
  const select = made.map((item) => `${item.sql ?? item.group} AS ${item.id}`).join(', ');
  return {
    from: `(SELECT ${select} FROM ${cells.from} GROUP BY ${groups.join(', ')})`,
    columns: made.map((item) => ({ name: item.name, value: reference(item.id, item.value) })),
  };
}

/** `narrow()`: one row per cell. */
function narrow(t: Translator, _node: Syntax, input: Relation): Relation {
  const [rowId, nameId, valueId, number] = [t.session.id(), t.session.id(), t.session.id(), t.session.id()];
  const row = new Row(t.session, input);
  const cells = input.columns.map(({ name, value }) => `{'n': ${quote(name)}, 'v': ${toText(value, row)}}`);
  const numbered = `(SELECT *, row_number() OVER () - 1 AS ${number} FROM ${row.from()})`;
  const list = `(SELECT ${number} AS ${rowId}, unnest([${cells.join(', ')}]) AS cell FROM ${numbered})`;
  return {
    from: `(SELECT ${rowId}, cell.n AS ${nameId}, cell.v AS ${valueId} FROM ${list})`,
    columns: [
      { name: 'Row', value: { sql: rowId, type: 'long', notNull: true } },
      { name: 'Column', value: { sql: nameId, type: 'string', notNull: true } },
      { name: 'Value', value: { sql: valueId, type: 'string', notNull: true } },
    ],
  };
}

export function evaluate(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const name = nameOfCall(node.FunctionCall as Syntax);
  if (name === 'bag_unpack') return bagUnpack(t, node, input, scope);
  if (name === 'pivot') return pivot(t, node, input, scope);
  if (name === 'narrow') return narrow(t, node, input);
  return t.session.refuse(`plugin ${name}`, node);
}
