// evaluate ipv4_lookup: a join with a table of networks.

import { kindOf, type Syntax } from '../../parser/language.ts';
import type { Value } from '../../sql/value.ts';
import { argumentNodes } from '../call.ts';
import { findColumn, type Relation } from '../relation.ts';
import type { Scope, Translator } from '../translator.ts';
import { combine, withNames } from './join.ts';

interface Keys {
  readonly source: Value;
  readonly network: Value;
  /** Columns of both tables that must be equal as well. */
  readonly extra: readonly string[];
  readonly keepsUnmatched: boolean;
}

/** A column of one of the tables, which must hold text. */
function textColumn(t: Translator, node: Syntax, table: Relation): Value {
  const value = findColumn(table, node.SimpleName ?? '')?.value;
  if (!value) return t.session.fail(`ipv4_lookup: no column ${node.SimpleName ?? ''}`, node);
  return value.type === 'string' ? value : t.session.fail(`ipv4_lookup: ${node.SimpleName ?? ''} is no string`, node);
}

function keysOf(t: Translator, nodes: readonly Syntax[], left: Relation, right: Relation, scope: Scope): Keys {
  const [source, network, ...rest] = nodes as [Syntax, Syntax, ...Syntax[]];
  const last = rest.at(-1);
  const flag = last && kindOf(last) === 'SimpleNamedExpression' ? (last.Expression as Syntax) : last;
  const isFlag = flag !== undefined && kindOf(flag) === 'LiteralExpression';
  const extra = (isFlag ? rest.slice(0, -1) : rest).map((node) => node.SimpleName ?? '');
  return {
    source: textColumn(t, source, left),
    network: textColumn(t, network, right),
    extra,
    keepsUnmatched: isFlag && t.constant(flag, scope) === true,
  };
}

/** The address as a number. One with a prefix would match by the shorter of two prefixes, which a join by ranges cannot do. */
const addressOf = (text: string): string =>
  `CASE WHEN contains(${text}, '/') THEN error('KustoError: ipv4_lookup: an address with a prefix in the source') ELSE kql_parse_ipv4_1(${text}) END`;

export function ipv4Lookup(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const [table, ...nodes] = argumentNodes(node.FunctionCall as Syntax);
  if (!table || nodes.length < 2) return t.session.fail('ipv4_lookup takes a table and two columns', node);
  const right = t.table(table, scope);
  const { source, network, extra, keepsUnmatched } = keysOf(t, nodes, input, right, scope);
  const [address, first, last] = [t.session.id(), t.session.id(), t.session.id()];
  const size = `CAST(2 ** (32 - kql_ipv4_netmask_suffix_1(${network.sql})) AS BIGINT)`;
  const addresses = { ...input, from: `(SELECT *, ${addressOf(source.sql)} AS ${address} FROM ${input.from})` };
  const networks = {
    ...right,
    from: `(SELECT *, ${first} + ${size} - 1 AS ${last} FROM (SELECT *, kql_parse_ipv4_1(${network.sql}) AS ${first} FROM ${right.from}))`,
  };
  const equal = extra.map((name) => {
    const [a, b] = [findColumn(input, name)?.value, findColumn(right, name)?.value];
    if (!a || !b || a.type !== b.type) return t.session.fail(`ipv4_lookup: no column ${name} in both tables`, node);
    return `${a.sql} = ${b.sql}`;
  });
  const on = [`${address} BETWEEN ${first} AND ${last}`, ...equal].join(' AND ');
  const joined = combine(t, keepsUnmatched ? 'leftouter' : 'inner', addresses, networks, on);
  const shown = joined.right.filter((column) => !extra.includes(column.name));
  return { from: joined.from, columns: withNames(node, [...joined.left, ...shown]) };
}
