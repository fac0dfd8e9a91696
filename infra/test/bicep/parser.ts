import {
  SyntaxFault,
  type CallNode,
  type Expression,
  type ResourceDeclaration,
  type Statement,
  type TypeNode,
  type TypeProperty,
} from './ast.ts';
import { ExpressionParser } from './expressions.ts';
import { tokensOf } from './lexer.ts';

// Statements and types.

class Parser extends ExpressionParser {
  #typeShape(): TypeNode {
    const { at } = this.expect('{');
    const properties: TypeProperty[] = [];
    let rest: TypeNode | undefined;
    this.skipLines();
    while (!this.accept('}')) {
      const decorators = this.decorators();
      const start = this.peek();
      if (this.accept('*')) {
        this.expect(':');
        rest = this.type();
      } else {
        const name = start.kind === 'string' ? this.plainString('a property name') : this.name('a property name');
        this.expect(':');
        const type = this.type();
        properties.push({ name, type, isOptional: type.kind === 'nullable', decorators, at: start.at });
      }
      if (!this.is('}') && !this.is(',') && this.peek().kind !== 'newline') this.fail('a line end or `}`');
      while (this.is(',') || this.peek().kind === 'newline') this.take();
    }
    return { kind: 'shape', properties, rest, at };
  }

  #typePrimary(): TypeNode {
    const token = this.peek();
    const { at } = token;
    if (token.kind === 'string') return { kind: 'literal', value: this.plainString('a literal'), at };
    if (token.kind === 'number') return { kind: 'literal', value: Number(this.take().text), at };
    if (this.is('true') || this.is('false')) return { kind: 'literal', value: this.take().text === 'true', at };
    if (this.accept('null')) return { kind: 'literal', value: null, at };
    if (this.is('{')) return this.#typeShape();
    if (this.accept('(')) {
      const inner = this.type();
      this.expect(')');
      return inner;
    }
    let name = this.name('a type');
    while (this.accept('.')) name += `.${this.name('a type')}`;
    return { kind: 'named', name, at };
  }

  #typeSuffixed(): TypeNode {
    let type = this.#typePrimary();
    for (;;) {
      const { at } = this.peek();
      if (this.is('[') && this.is(']', 1)) {
        this.take();
        this.take();
        type = { kind: 'list', item: type, at };
      } else if (this.accept('?')) type = { kind: 'nullable', inner: type, at };
      else return type;
    }
  }

  type(): TypeNode {
    const { at } = this.peek();
    this.accept('|');
    const members = [this.#typeSuffixed()];
    for (;;) {
      let ahead = 0;
      while (this.peek(ahead).kind === 'newline') ahead++;
      if (!this.is('|', ahead)) break;
      this.skipLines();
      this.take();
      this.skipLines();
      members.push(this.#typeSuffixed());
    }
    const [only] = members;
    return members.length === 1 && only ? only : { kind: 'union', members, at };
  }

  #body(): Expression {
    this.expect('=');
    if (this.is('if') && this.is('(', 1)) return this.condition();
    if (this.is('[')) return this.loop();
    return this.object();
  }

  resource(decorators: readonly CallNode[]): ResourceDeclaration {
    const { at } = this.expect('resource');
    const name = this.name('the name of the resource');
    const text = this.plainString("the resource type, such as 'Microsoft.Storage/storageAccounts@2025-01-01'");
    const isExisting = this.accept('existing');
    const [type = '', apiVersion = ''] = text.split('@');
    return { kind: 'resource', name, type, apiVersion, isExisting, body: this.#body(), decorators, at };
  }

  #import(): Statement {
    const { at } = this.expect('import');
    const names: Record<string, string> = {};
    let alias: string | undefined;
    if (this.accept('*')) {
      this.expect('as');
      alias = this.name('an alias');
    } else {
      this.expect('{');
      this.skipLines();
      while (!this.accept('}')) {
        const original = this.name('a name to import');
        names[this.accept('as') ? this.name('an alias') : original] = original;
        while (this.is(',') || this.peek().kind === 'newline') this.take();
      }
    }
    this.expect('from');
    return { kind: 'import', path: this.plainString('a path'), names, alias, at };
  }

  #function(decorators: readonly CallNode[]): Statement {
    const { at } = this.expect('func');
    const name = this.name('the name of the function');
    const parameters: { name: string; type: TypeNode }[] = [];
    this.expect('(');
    while (!this.accept(')')) {
      parameters.push({ name: this.name('a parameter'), type: this.type() });
      if (!this.accept(',') && !this.is(')')) this.fail('a comma or `)`');
    }
    const returns = this.type();
    this.expect('=>');
    return { kind: 'func', name, parameters, returns, value: this.expression(), decorators, at };
  }

  #statement(): Statement {
    const decorators = this.decorators();
    const { at, text } = this.peek();
    switch (text) {
      case 'targetScope':
        this.take();
        this.expect('=');
        return { kind: 'scope', value: this.plainString('a scope'), at };
      case 'import':
        return this.#import();
      case 'resource':
        return this.resource(decorators);
      case 'func':
        return this.#function(decorators);
      case 'metadata':
      case 'var': {
        this.take();
        const name = this.name('a name');
        this.expect('=');
        this.skipLines();
        return { kind: text, name, value: this.expression(), decorators, at };
      }
      case 'param': {
        this.take();
        const name = this.name('the name of the parameter');
        const type = this.type();
        return { kind: 'param', name, type, value: this.accept('=') ? this.expression() : undefined, decorators, at };
      }
      case 'type': {
        this.take();
        const name = this.name('the name of the type');
        this.expect('=');
        return { kind: 'type', name, type: this.type(), decorators, at };
      }
      case 'module': {
        this.take();
        const name = this.name('the name of the module');
        return { kind: 'module', name, path: this.plainString('a path'), body: this.#body(), decorators, at };
      }
      case 'output': {
        this.take();
        const name = this.name('the name of the output');
        const type = this.type();
        this.expect('=');
        return { kind: 'output', name, type, value: this.expression(), decorators, at };
      }
      default:
        return this.fail('param, var, resource, module, output, type, func, import, metadata or targetScope');
    }
  }

  statements(): Statement[] {
    this.nestedResource = (decorators) => this.resource(decorators);
    const list: Statement[] = [];
    for (this.skipLines(); this.peek().kind !== 'end'; this.skipLines()) {
      list.push(this.#statement());
      if (this.peek().kind !== 'newline' && this.peek().kind !== 'end') this.fail('a line end');
    }
    return list;
  }
}

/** @throws SyntaxFault at the first thing that is not Bicep */
export const parse = (text: string): Statement[] => new Parser(tokensOf(text)).statements();

/** The same, as a value. */
export function tryParse(text: string): { statements: Statement[]; fault?: SyntaxFault } {
  try {
    return { statements: parse(text) };
  } catch (error) {
    if (error instanceof SyntaxFault) return { statements: [], fault: error };
    throw error;
  }
}
