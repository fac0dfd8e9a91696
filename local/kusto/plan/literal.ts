import type { KustoType } from '../types.ts';
import { PHYSICAL, typeNamed } from '../types.ts';
import { timeOf } from '../parser/analysis-cache.ts';
import { textOf } from '../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../parser/language.ts';
import { integerValue, realSql } from '../sql/arithmetic.ts';
import { nullOf } from '../sql/convert.ts';
import { TICKS } from '../sql/datetime.ts';
import { parseDatetime, parseTimespan } from '../sql/literals.ts';
import { quote, type Constant, type Value } from '../sql/value.ts';
import type { Session } from './session.ts';

const TYPES = new Set<string>(Object.keys(PHYSICAL));

/** Type that the parser gives an expression; undefined for tables, tuples and unknown types. */
export function typeOf(node: Syntax): KustoType | undefined {
  const name = node.ResultType?.Name;
  return name !== undefined && TYPES.has(name) ? (name as KustoType) : undefined;
}

/** Type of a literal by its looks: defaults of stored functions' parameters are not bound by the parser. */
function literalType(text: string): KustoType | undefined {
  if (/^[hH]?@?["'`]/.test(text)) return 'string';
  if (/^(?:true|false)$/i.test(text)) return 'bool';
  if (/^(?:\d+|0x[0-9a-f]+)$/i.test(text)) return 'long';
  if (/^\d+(?:\.\d*)?(?:e[+-]?\d+)?$/i.test(text)) return 'real';
  const word = /^([a-z_0-9]+)\s*\(/i.exec(text)?.[1]?.toLowerCase();
  if (word !== undefined) return typeNamed(word);
  return parseTimespan(text) === undefined ? undefined : 'timespan';
}

/** `type(inner)` → inner; the text itself when it has no such form. */
const innerText = (text: string): string => /^[a-z_0-9]+\s*\(([\s\S]*)\)$/i.exec(text)?.[1]?.trim() ?? text;

const unquoted = (text: string): string => text.replace(/^[hH]?@?(["'])([\s\S]*)\1$/, '$2');

/** A known value as a Value. */
export function constantValue(constant: Constant, type: KustoType): Value {
  if (constant === null) return nullOf(type, PHYSICAL);
  if (typeof constant === 'bigint') return integerValue(constant, type);
  if (typeof constant === 'number') return { sql: realSql(constant), type, notNull: true, constant };
  if (typeof constant === 'boolean') return { sql: constant ? 'TRUE' : 'FALSE', type, notNull: true, constant };
  return { sql: quote(constant), type, notNull: true, constant };
}

/** The value of a literal's text; undefined when it is malformed. */
export function parseLiteral(text: string, type: KustoType): Constant | undefined {
  const inner = innerText(text);
  if (/^null$/i.test(inner)) return null;
  switch (type) {
    case 'bool':
      return /^(?:true|1)$/i.test(inner) ? true : /^(?:false|0)$/i.test(inner) ? false : undefined;
    case 'int':
    case 'long':
      return /^[+-]?(?:\d+|0x[0-9a-f]+)$/i.test(inner) ? signedInteger(inner) : undefined;
    case 'real':
    case 'decimal':
      return realConstant(inner);
    case 'datetime':
      return /^max$/i.test(inner) ? 3_155_378_975_999_999_999n : parseDatetime(unquoted(inner));
    case 'timespan': {
      const ticks = parseTimespan(unquoted(inner));
      return ticks;
    }
    case 'guid':
      return unquoted(inner).toLowerCase();
    default:
      return undefined;
  }
}

function signedInteger(text: string): bigint {
  const body = text.replace(/^[+-]/, '');
  return text.startsWith('-') ? -BigInt(body) : BigInt(body);
}

function realConstant(text: string): number | undefined {
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^\+?inf$/i.test(text)) return Infinity;
  if (/^-inf$/i.test(text)) return -Infinity;
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
}

const literalOf = (text: string, type: KustoType, session: Session): Constant | undefined =>
  parseLiteral(type === 'datetime' ? timeOf(innerText(text), session.times) : text, type);

/** A literal expression. */
export function literal(node: Syntax, session: Session): Value {
  const type = typeOf(node) ?? literalType(textOf(node));
  if (type === undefined) session.refuse(`literal ${textOf(node)}`, node);
  if (type === 'string') return constantValue(stringOf(node), 'string');
  const value = literalOf(textOf(node), type, session);
  if (value === undefined) session.refuse(`literal ${textOf(node)}`, node);
  return constantValue(value, type);
}

const tokenText = (node: Syntax): string => {
  const token = node.Token ?? node;
  return token.ValueText ?? '';
};

/** Decoded text of a string literal, or of several that stand side by side. */
export function stringOf(node: Syntax): string {
  if (kindOf(node) !== 'CompoundStringLiteralExpression') return tokenText(node);
  let text = '';
  for (let i = 0; i < node.ChildCount; i++) {
    const list = node.GetChild(i);
    if (!list) continue;
    if (list.IsToken === true) text += list.ValueText ?? '';
    else for (let j = 0; j < list.ChildCount; j++) text += list.GetChild(j)?.ValueText ?? '';
  }
  return text;
}

const isoOf = (ticks: bigint): string => {
  const ms = (ticks - 621_355_968_000_000_000n) / TICKS.millisecond;
  const fraction = (ticks % TICKS.second).toString().padStart(7, '0');
  return `${new Date(Number(ms)).toISOString().slice(0, 19)}.${fraction}Z`;
};

/** JSON text of what stands in `dynamic(…)`. */
export function dynamicText(node: Syntax, session: Session): string {
  switch (kindOf(node)) {
    case 'DynamicExpression':
    case 'ParenthesizedExpression':
      return dynamicText(node.Expression as Syntax, session);
    case 'JsonArrayExpression':
      return `[${elements(node.Values)
        .map((item) => dynamicText(item, session))
        .join(',')}]`;
    case 'JsonObjectExpression':
      return `{${elements(node.Pairs)
        .map(
          (pair) =>
            `${JSON.stringify((pair.Name as Syntax).ValueText ?? '')}:${dynamicText(pair.Value as Syntax, session)}`,
        )
        .join(',')}}`;
    case 'PrefixUnaryExpression':
      return `-${dynamicText(node.Expression as Syntax, session)}`;
    case 'CompoundStringLiteralExpression':
      return JSON.stringify(stringOf(node));
    case 'LiteralExpression':
      return scalarText(node, session);
    default:
      return session.refuse(`${textOf(node)} inside dynamic()`, node);
  }
}

function scalarText(node: Syntax, session: Session): string {
  const text = textOf(node);
  const type = typeOf(node) ?? literalType(text);
  if (/^null$/i.test(text)) return 'null';
  if (type === 'string') return JSON.stringify(stringOf(node));
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text)) return text;
  const value = type && literalOf(text, type, session);
  if (value === undefined) return session.refuse(`${text} inside dynamic()`, node);
  if (type === 'datetime' && typeof value === 'bigint') return JSON.stringify(isoOf(value));
  if (type === 'timespan') return session.refuse('timespan inside dynamic()', node);
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
}
