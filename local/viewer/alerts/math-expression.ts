// Grafana's math expressions over numbers: `$A > 3 && abs($B - $C) >= 0.5`.
import type { Labels } from '../query/frames.ts';
import type { ExpressionResult, NumberValue } from './values.ts';
import { EvaluationError } from './values.ts';

type Operand =
  | { readonly kind: 'scalar'; readonly value: number | null }
  | { readonly kind: 'numbers'; readonly numbers: readonly NumberValue[] }
  | { readonly kind: 'noData' };
type Vars = ReadonlyMap<string, ExpressionResult>;

const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?)|\$\{([^}]+)\}|\$([A-Za-z_]\w*)|([A-Za-z_]\w*)|(\*\*|&&|\|\||[<>=!]=|[-+*/%<>!(),]))/y;
type Token = { readonly kind: 'number' | 'variable' | 'name' | 'operator'; readonly text: string };

function tokenize(source: string, refId: string): Token[] {
  const tokens: Token[] = [];
  const text = source.trimEnd();
  TOKEN.lastIndex = 0;
  let position = 0;
  while (position < text.length) {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(text);
    if (match === null)
      throw new EvaluationError(
        refId,
        `math expression: unexpected '${text.slice(position, position + 10)}' at ${position + 1}`,
      );
    const [, number, braced, variable, name, operator] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (braced !== undefined || variable !== undefined)
      tokens.push({ kind: 'variable', text: braced ?? variable ?? '' });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else tokens.push({ kind: 'operator', text: operator ?? '' });
    position = TOKEN.lastIndex;
  }
  return tokens;
}

const bit = (value: boolean): number => (value ? 1 : 0);
const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '**': (a, b) => a ** b,
  '<': (a, b) => bit(a < b),
  '>': (a, b) => bit(a > b),
  '<=': (a, b) => bit(a <= b),
  '>=': (a, b) => bit(a >= b),
  '==': (a, b) => bit(a === b),
  '!=': (a, b) => bit(a !== b),
  '&&': (a, b) => bit(a !== 0 && b !== 0),
  '||': (a, b) => bit(a !== 0 || b !== 0),
};
const PRECEDENCE: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['+', '-'],
  ['*', '/', '%'],
  ['**'],
];

// Null in, null out; NaN in, NaN out, comparisons included.
const applyBinary = (operator: string, a: number | null, b: number | null): number | null => {
  if (a === null || b === null) return null;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  return (BINARY[operator] as (a: number, b: number) => number)(a, b);
};

const FUNCTIONS: Readonly<Record<string, (value: number | null) => number | null>> = {
  abs: (v) => (v === null ? null : Math.abs(v)),
  log: (v) => (v === null ? null : Math.log(v)),
  round: (v) => (v === null ? null : Math.sign(v) * Math.round(Math.abs(v))),
  ceil: (v) => (v === null ? null : Math.ceil(v)),
  floor: (v) => (v === null ? null : Math.floor(v)),
  is_null: (v) => bit(v === null),
  is_nan: (v) => bit(v !== null && Number.isNaN(v)),
  is_inf: (v) => bit(v === Infinity || v === -Infinity),
  is_number: (v) => bit(v !== null && Number.isFinite(v)),
};
const CONSTANTS: Readonly<Record<string, number | null>> = { nan: Number.NaN, inf: Infinity, null: null };

const isSubset = (a: Labels, b: Labels): boolean => Object.entries(a).every(([name, value]) => b[name] === value);

/** Pairs with equal labels or where one side's labels contain the other's; a single pair without common labels joins without labels. */
function join(operator: string, a: readonly NumberValue[], b: readonly NumberValue[]): NumberValue[] {
  const joined = a.flatMap((left) =>
    b.flatMap((right) => {
      const value = applyBinary(operator, left.value, right.value);
      if (isSubset(left.labels, right.labels)) return [{ labels: right.labels, value }];
      return isSubset(right.labels, left.labels) ? [{ labels: left.labels, value }] : [];
    }),
  );
  const [left, right] = [a[0], b[0]];
  if (joined.length > 0 || a.length !== 1 || b.length !== 1 || left === undefined || right === undefined) return joined;
  return [{ labels: {}, value: applyBinary(operator, left.value, right.value) }];
}

function combine(operator: string, a: Operand, b: Operand): Operand {
  if (a.kind === 'noData' || b.kind === 'noData') return { kind: 'noData' };
  if (a.kind === 'scalar' && b.kind === 'scalar')
    return { kind: 'scalar', value: applyBinary(operator, a.value, b.value) };
  if (a.kind === 'scalar') return mapOperand(b, (value) => applyBinary(operator, a.value, value));
  if (b.kind === 'scalar') return mapOperand(a, (value) => applyBinary(operator, value, b.value));
  return { kind: 'numbers', numbers: join(operator, a.numbers, b.numbers) };
}

function mapOperand(operand: Operand, change: (value: number | null) => number | null): Operand {
  if (operand.kind === 'noData') return operand;
  if (operand.kind === 'scalar') return { kind: 'scalar', value: change(operand.value) };
  return { kind: 'numbers', numbers: operand.numbers.map(({ labels, value }) => ({ labels, value: change(value) })) };
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #vars: Vars;
  readonly #refId: string;
  #at = 0;
  constructor(tokens: readonly Token[], vars: Vars, refId: string) {
    this.#tokens = tokens;
    this.#vars = vars;
    this.#refId = refId;
  }

  run(): Operand {
    const result = this.#binary(0);
    const left = this.#tokens[this.#at];
    if (left !== undefined) throw this.#error(`unexpected '${left.text}'`);
    return result;
  }

  #error(text: string): EvaluationError {
    return new EvaluationError(this.#refId, `math expression: ${text}`);
  }

  #takeOperator(...texts: string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'operator' || !texts.includes(token.text)) return undefined;
    this.#at += 1;
    return token.text;
  }

  #binary(level: number): Operand {
    const operators = PRECEDENCE[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (
      let operator = this.#takeOperator(...operators);
      operator !== undefined;
      operator = this.#takeOperator(...operators)
    ) {
      left = combine(operator, left, this.#binary(level + 1));
    }
    return left;
  }

  #unary(): Operand {
    if (this.#takeOperator('-') !== undefined)
      return mapOperand(this.#unary(), (value) => (value === null ? null : -value));
    if (this.#takeOperator('!') !== undefined) {
      return mapOperand(this.#unary(), (value) => (value === null || Number.isNaN(value) ? value : bit(value === 0)));
    }
    return this.#primary();
  }

  #primary(): Operand {
    if (this.#takeOperator('(') !== undefined) {
      const inner = this.#binary(0);
      if (this.#takeOperator(')') === undefined) throw this.#error("missing ')'");
      return inner;
    }
    const token = this.#tokens[this.#at];
    if (token === undefined) throw this.#error('unexpected end');
    this.#at += 1;
    if (token.kind === 'number') return { kind: 'scalar', value: Number(token.text) };
    if (token.kind === 'variable') return this.#variable(token.text);
    if (token.kind === 'name') return this.#call(token.text);
    throw this.#error(`unexpected '${token.text}'`);
  }

  #variable(name: string): Operand {
    const result = this.#vars.get(name);
    if (result === undefined) throw this.#error(`there is no query or expression '${name}'`);
    if (result.kind === 'series')
      throw this.#error(`'${name}' is a time series; math over series is not supported here, reduce it first`);
    return result;
  }

  #call(name: string): Operand {
    if (this.#takeOperator('(') === undefined) throw this.#error(`unexpected '${name}'`);
    if (name in CONSTANTS) {
      if (this.#takeOperator(')') === undefined) throw this.#error(`${name}() takes no argument`);
      return { kind: 'scalar', value: CONSTANTS[name] ?? null };
    }
    const change = FUNCTIONS[name];
    if (change === undefined) throw this.#error(`function '${name}' is not supported`);
    const argument = this.#binary(0);
    if (this.#takeOperator(')') === undefined) throw this.#error("missing ')'");
    return mapOperand(argument, change);
  }
}

/** Evaluates a math expression. A pure scalar becomes one number without labels. Throws EvaluationError. */
export function evaluateMath(expression: string, vars: Vars, refId: string): ExpressionResult {
  const result = new Parser(tokenize(expression, refId), vars, refId).run();
  if (result.kind === 'scalar') return { kind: 'numbers', numbers: [{ labels: {}, value: result.value }] };
  return result;
}
