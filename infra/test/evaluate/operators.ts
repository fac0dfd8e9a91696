import { textOf, type Value } from './values.ts';

// Operators whose both sides are known. https://learn.microsoft.com/azure/azure-resource-manager/bicep/operators

/** `!a` and `-a`. */
export const negate = (operator: string, operand: Value): Value =>
  operator === '!' ? operand !== true : -Number(operand);

/** Comparison and arithmetic. Division is of integers, as in Bicep. */
export function combine(operator: string, first: Value, second: Value): Value {
  const equal = JSON.stringify(first) === JSON.stringify(second);
  const alike = textOf(first).toLowerCase() === textOf(second).toLowerCase();
  const [a, b] = [Number(first), Number(second)];
  const results: Record<string, Value> = {
    '==': equal,
    '!=': !equal,
    '=~': alike,
    '!~': !alike,
    '<': a < b,
    '>': a > b,
    '<=': a <= b,
    '>=': a >= b,
    '+': a + b,
    '-': a - b,
    '*': a * b,
    '/': Math.trunc(a / b),
    '%': a % b,
  };
  return results[operator] ?? null;
}
