import { SyntaxFault } from './ast.ts';
import type { Token } from './lexer.ts';

/** Goes along a list of tokens. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(ahead = 0): Token {
    return (this.#tokens[this.#at + ahead] ?? this.#tokens.at(-1)) as Token;
  }

  take(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  is(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return (token.kind === 'symbol' || token.kind === 'name') && token.text === text;
  }

  accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.#at++;
    return true;
  }

  fail(expected: string): never {
    const { at, text, kind } = this.peek();
    throw new SyntaxFault(at, expected, kind === 'string' ? `'${text}'` : text);
  }

  expect(text: string): Token {
    return this.is(text) ? this.take() : this.fail(`\`${text}\``);
  }

  name(what: string): string {
    return this.peek().kind === 'name' ? this.take().text : this.fail(what);
  }

  plainString(what: string): string {
    const token = this.peek();
    return token.kind === 'string' && token.parts?.length === 1 ? this.take().text : this.fail(what);
  }

  skipLines(): void {
    while (this.peek().kind === 'newline') this.#at++;
  }
}
