import {
  type CallNode,
  type Expression,
  type Position,
  type Property,
  type ResourceDeclaration,
  type StringNode,
} from './ast.ts';
import { TokenReader } from './token-reader.ts';

// Expressions, by precedence climbing. A line end stops an expression except inside brackets and around `?` and `:`.

const PRECEDENCE: Readonly<Record<string, number>> = {
  '??': 1,
  '||': 2,
  '&&': 3,
  '==': 4,
  '!=': 4,
  '=~': 4,
  '!~': 4,
  '<': 5,
  '>': 5,
  '<=': 5,
  '>=': 5,
  '+': 6,
  '-': 6,
  '*': 7,
  '/': 7,
  '%': 7,
};

/** Reads expressions; the parser of statements builds on it. */
export class ExpressionParser extends TokenReader {
  /** Set by the parser of statements, for resources inside the body of resources. */
  nestedResource: ((decorators: readonly CallNode[]) => ResourceDeclaration) | undefined;

  /** Items between brackets, separated by commas or line ends. */
  #items<T>(close: string, item: () => T): T[] {
    const list: T[] = [];
    this.skipLines();
    while (!this.accept(close)) {
      list.push(item());
      const isSeparated = this.peek().kind === 'newline' || this.is(',');
      while (this.peek().kind === 'newline' || this.is(',')) this.take();
      if (!isSeparated && !this.is(close)) this.fail(`a comma, a line end or \`${close}\``);
    }
    return list;
  }

  /** Arguments of a call: commas between, line ends anywhere. */
  args(): Expression[] {
    const list: Expression[] = [];
    this.expect('(');
    this.skipLines();
    while (!this.accept(')')) {
      list.push(this.expression());
      this.skipLines();
      if (!this.accept(',') && !this.is(')')) this.fail('a comma or `)`');
      this.skipLines();
    }
    return list;
  }

  #string(): StringNode {
    const token = this.take();
    const parts = (token.parts ?? []).map((part) => {
      if (typeof part === 'string') return part;
      const inner = new ExpressionParser(part);
      const value = inner.expression();
      if (inner.peek().kind !== 'end') inner.fail('the end of the interpolation');
      return value;
    });
    return { kind: 'string', parts: parts.filter((part) => part !== ''), at: token.at };
  }

  property(): Property {
    const { at, kind } = this.peek();
    if (kind !== 'name' && kind !== 'string') this.fail('a property name');
    const key: StringNode = kind === 'string' ? this.#string() : { kind: 'string', parts: [this.take().text], at };
    this.expect(':');
    this.skipLines();
    const name = key.parts.every((part) => typeof part === 'string') ? key.parts.join('') : undefined;
    return { name, key, value: this.expression(), at };
  }

  object(): Expression {
    const { at } = this.expect('{');
    const properties: Property[] = [];
    const resources: ResourceDeclaration[] = [];
    this.#items('}', () => {
      if (this.is('...')) this.fail('a property; write union() instead of a spread, the checks do not read it');
      const decorators = this.decorators();
      if (this.nestedResource && this.is('resource') && this.peek(1).kind === 'name')
        resources.push(this.nestedResource(decorators));
      else properties.push(this.property());
    });
    return { kind: 'object', properties, resources, at };
  }

  decorators(): CallNode[] {
    const list: CallNode[] = [];
    while (this.accept('@')) {
      const call = this.#postfix();
      if (call.kind !== 'call') this.fail('a decorator such as @description()');
      list.push(call);
      this.skipLines();
    }
    return list;
  }

  condition(): Expression {
    const { at } = this.expect('if');
    this.expect('(');
    const condition = this.expression();
    this.skipLines();
    this.expect(')');
    return { kind: 'if', condition, body: this.object(), at };
  }

  /** `[for`, or `[` and `for` on the next line. */
  isLoop(): boolean {
    let ahead = 1;
    while (this.peek(ahead).kind === 'newline') ahead++;
    return this.is('[') && this.is('for', ahead) && this.peek(ahead + 1).text !== ',';
  }

  loop(): Expression {
    const { at } = this.expect('[');
    this.skipLines();
    this.expect('for');
    let index: string | undefined;
    let item: string;
    if (this.accept('(')) {
      item = this.name('the loop variable');
      this.expect(',');
      index = this.name('the index of the loop');
      this.expect(')');
    } else item = this.name('the loop variable');
    this.expect('in');
    const over = this.expression();
    this.expect(':');
    this.skipLines();
    const body = this.is('if') && this.is('(', 1) ? this.condition() : this.expression();
    this.skipLines();
    this.expect(']');
    return { kind: 'for', item, index, over, body, at };
  }

  #primary(): Expression {
    const token = this.peek();
    const { at } = token;
    if (token.kind === 'string') return this.#string();
    if (token.kind === 'number') return { kind: 'number', value: Number(this.take().text), at };
    if (token.kind === 'name') {
      this.take();
      if (token.text === 'true' || token.text === 'false') return { kind: 'boolean', value: token.text === 'true', at };
      if (token.text === 'null') return { kind: 'null', at };
      if (this.is('(')) return { kind: 'call', name: token.text, target: undefined, args: this.args(), at };
      return { kind: 'name', name: token.text, at };
    }
    if (this.is('{')) return this.object();
    if (this.is('[')) {
      if (this.isLoop()) return this.loop();
      this.take();
      return { kind: 'array', items: this.#items(']', () => this.expression()), at };
    }
    if (this.accept('(')) {
      this.skipLines();
      const inner = this.expression();
      this.skipLines();
      this.expect(')');
      return inner;
    }
    return this.fail('a value');
  }

  #member(object: Expression, at: Position, isSafe: boolean): Expression {
    const name = this.name('a property name');
    if (this.is('(')) return { kind: 'call', name, target: object, args: this.args(), at };
    return { kind: 'member', object, name, isSafe, at };
  }

  #postfix(): Expression {
    let value = this.#primary();
    for (;;) {
      const { at } = this.peek();
      if (this.accept('.')) value = this.#member(value, at, false);
      else if (this.accept('.?')) value = this.#member(value, at, true);
      else if (this.accept('::'))
        value = { kind: 'nested', object: value, name: this.name('the name of a nested resource'), at };
      else if (this.is('[') || this.is('[?')) {
        const isSafe = this.take().text === '[?';
        value = { kind: 'index', object: value, index: this.expression(), isSafe, at };
        this.expect(']');
      } else if (this.is('!') && !this.is('=', 1)) this.take();
      else return value;
    }
  }

  #unary(): Expression {
    const { at, text } = this.peek();
    if (!this.is('!') && !this.is('-')) return this.#postfix();
    this.take();
    return { kind: 'unary', operator: text, operand: this.#unary(), at };
  }

  #binary(least: number): Expression {
    let left = this.#unary();
    for (;;) {
      const { text: operator, kind, at } = this.peek();
      const level = kind === 'symbol' ? PRECEDENCE[operator] : undefined;
      if (level === undefined || level < least) return left;
      this.take();
      left = { kind: 'binary', operator, left, right: this.#binary(level + 1), at };
    }
  }

  /** `a => …` or `(a, b) => …`, looked for ahead. */
  #lambda(): Expression | undefined {
    const { at, kind } = this.peek();
    if (kind === 'name' && this.is('=>', 1)) {
      const parameters = [this.take().text];
      this.take();
      return { kind: 'lambda', parameters, body: this.expression(), at };
    }
    if (!this.is('(')) return undefined;
    let ahead = 1;
    while (this.peek(ahead).kind === 'name' || this.is(',', ahead)) ahead++;
    if (!this.is(')', ahead) || !this.is('=>', ahead + 1)) return undefined;
    const parameters: string[] = [];
    for (let step = 0; step <= ahead + 1; step++) {
      const token = this.take();
      if (token.kind === 'name') parameters.push(token.text);
    }
    return { kind: 'lambda', parameters, body: this.expression(), at };
  }

  /** Whether the next token other than a line end is this symbol. */
  #isAfterLines(text: string): boolean {
    let ahead = 0;
    while (this.peek(ahead).kind === 'newline') ahead++;
    return this.is(text, ahead);
  }

  expression(): Expression {
    const lambda = this.#lambda();
    if (lambda) return lambda;
    const test = this.#binary(1);
    if (!this.#isAfterLines('?')) return test;
    this.skipLines();
    const { at } = this.take();
    this.skipLines();
    const yes = this.expression();
    this.skipLines();
    this.expect(':');
    this.skipLines();
    return { kind: 'ternary', test, yes, no: this.expression(), at };
  }
}
