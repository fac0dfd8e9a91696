import { dirname, join } from 'node:path/posix';
import type { Expression, Statement } from '../bicep/ast.ts';
import type { BicepFile, Workspace } from '../bicep/workspace.ts';
import { callFunction, EvaluationFault, isKeyCall, scopeProperties } from './functions.ts';
import { PlacedFault } from './placed-fault.ts';
import { combine, negate } from './operators.ts';
import {
  isList,
  isObject,
  Lambda,
  ModuleInstance,
  notePlace,
  Resource,
  Runtime,
  Scope,
  textOf,
  type Place,
  type Value,
  type ValueObject,
} from './values.ts';

// Evaluates the expressions of one file with given parameters. Resources and modules are made by deployment.ts.

export type Locals = Readonly<Record<string, Value>>;
/** Gives the value of a resource or module statement. */
export type Deploy = (statement: Statement, evaluate: Evaluator) => Value;

type Flow = Extract<Expression, { kind: 'binary' | 'lambda' | 'for' | 'if' | 'call' }>;

const propertyOf = (value: ValueObject, name: string): Value | undefined => {
  if (Object.hasOwn(value, name)) return value[name];
  const found = Object.keys(value).find((each) => each.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : value[found];
};

/** Nodes are evaluated many times, in loops and scenarios; their place stays. */
const placesOfNodes = new WeakMap<object, Place>();
const parsedJson = new Map<string, Value>();

export class Evaluator {
  readonly file: BicepFile;
  readonly scope: Scope;
  readonly #workspace: Workspace;
  readonly #parameters: ValueObject;
  readonly #deploy: Deploy;
  readonly #known = new Map<string, Value>();
  readonly #busy: string[] = [];
  readonly #needs = new Map<string, ReadonlySet<string>>();
  /** Symbols that are being collected, innermost last. */
  readonly #collecting: Set<string>[] = [];

  constructor(file: BicepFile, workspace: Workspace, parameters: ValueObject, scope: Scope, deploy: Deploy) {
    this.file = file;
    this.scope = scope;
    this.#workspace = workspace;
    this.#parameters = parameters;
    this.#deploy = deploy;
  }

  placeOf(node: { readonly at: Expression['at'] }): Place {
    const known = placesOfNodes.get(node) ?? { file: this.file.path, line: node.at.line, column: node.at.column };
    placesOfNodes.set(node, known);
    return known;
  }

  /** The value of a name of the file. */
  symbol(name: string, place: Place): Value {
    const known = this.#known.get(name);
    if (known !== undefined) {
      for (const set of this.#collecting) for (const need of [name, ...(this.#needs.get(name) ?? [])]) set.add(need);
      return known;
    }
    if (this.#busy.includes(name))
      throw new PlacedFault(
        place,
        'no cycle',
        [...this.#busy.slice(this.#busy.indexOf(name)), name].join(' → '),
        'cycle',
      );
    this.#busy.push(name);
    const needs = new Set<string>();
    this.#collecting.push(needs);
    try {
      const value = this.#valueOf(name, place);
      this.#known.set(name, value);
      this.#needs.set(name, needs);
      return value;
    } finally {
      this.#busy.pop();
      this.#collecting.pop();
      for (const set of this.#collecting) for (const need of [name, ...needs]) set.add(need);
    }
  }

  /** Every symbol of the file that the value of this one was made from. */
  needsOf(name: string): ReadonlySet<string> {
    return this.#needs.get(name) ?? new Set();
  }

  #valueOf(name: string, place: Place): Value {
    const statement = this.file.symbols.get(name);
    switch (statement?.kind) {
      case 'param': {
        const given = this.#parameters[name];
        if (given !== undefined) return given;
        return statement.value ? this.evaluate(statement.value, {}) : null;
      }
      case 'var':
        return this.evaluate(statement.value, {});
      case 'resource':
      case 'module':
        return this.#deploy(statement, this);
      case 'import': {
        const file = this.#workspace.files.get(join(dirname(this.file.path), statement.path));
        const original = statement.names[name];
        if (!file || original === undefined)
          throw new PlacedFault(place, `an existing file with ${name}`, statement.path);
        return new Evaluator(file, this.#workspace, {}, this.scope, this.#deploy).symbol(original, place);
      }
      default:
        throw new PlacedFault(place, 'a param, var, resource or module of the file', name);
    }
  }

  evaluate(node: Expression, locals: Locals): Value {
    try {
      return this.#evaluate(node, locals);
    } catch (error) {
      if (error instanceof EvaluationFault) throw new PlacedFault(this.placeOf(node), error.expected, error.got);
      throw error;
    }
  }

  #evaluate(node: Expression, locals: Locals): Value {
    switch (node.kind) {
      case 'null':
        return null;
      case 'number':
      case 'boolean':
        return node.value;
      case 'string':
        return this.#string(node.parts, locals);
      case 'array':
      case 'object':
        return this.#container(node, locals);
      case 'name':
        return locals[node.name] ?? (node.name in locals ? null : this.symbol(node.name, this.placeOf(node)));
      case 'member':
        return this.#member(this.evaluate(node.object, locals), node.name, node.isSafe);
      case 'index':
        return this.#index(this.evaluate(node.object, locals), this.evaluate(node.index, locals), node.isSafe);
      case 'nested':
        return this.#nested(this.evaluate(node.object, locals), node.name);
      case 'ternary':
        return this.evaluate(this.evaluate(node.test, locals) === true ? node.yes : node.no, locals);
      case 'unary':
        return negate(node.operator, this.evaluate(node.operand, locals));
      default:
        return this.#flow(node, locals);
    }
  }

  #flow(node: Flow, locals: Locals): Value {
    switch (node.kind) {
      case 'binary':
        return this.#binary(node.operator, node.left, node.right, locals);
      case 'lambda':
        return this.#lambda(node, locals);
      case 'for':
        return this.loop(node, locals).map(({ body, locals: inner }) => this.evaluate(body, inner));
      case 'if':
        return this.evaluate(node.condition, locals) === true ? this.evaluate(node.body, locals) : null;
      case 'call':
        return this.#call(node, locals);
    }
  }

  #container(node: Extract<Expression, { kind: 'array' | 'object' }>, locals: Locals): Value {
    if (node.kind === 'array') {
      const list = node.items.map((item) => this.evaluate(item, locals));
      for (const [index, item] of node.items.entries()) notePlace(list, index, this.placeOf(item));
      return list;
    }
    const made: Record<string, Value> = {};
    for (const property of node.properties) {
      const name = textOf(this.evaluate(property.key, locals));
      made[name] = this.evaluate(property.value, locals);
      notePlace(made, name, this.placeOf(property));
    }
    return made;
  }

  #nested(outer: Value, name: string): Value {
    const inner = outer instanceof Resource ? outer.nested.get(name) : undefined;
    if (!inner) throw new EvaluationFault('a resource declared inside', name);
    return inner;
  }

  #lambda(node: Extract<Expression, { kind: 'lambda' }>, locals: Locals): Lambda {
    const bound = (args: readonly Value[]): Locals =>
      Object.fromEntries(node.parameters.map((name, index) => [name, args[index] ?? null]));
    return new Lambda((args) => this.evaluate(node.body, { ...locals, ...bound(args) }));
  }

  /** The rounds of a loop, with their variables. */
  loop(node: Extract<Expression, { kind: 'for' }>, locals: Locals): { body: Expression; locals: Locals }[] {
    const over = this.evaluate(node.over, locals);
    if (!isList(over)) throw new PlacedFault(this.placeOf(node.over), 'a list to loop over', textOf(over));
    return over.map((item, index) => ({
      body: node.body,
      locals: { ...locals, [node.item]: item, ...(node.index === undefined ? {} : { [node.index]: index }) },
    }));
  }

  #string(parts: readonly (string | Expression)[], locals: Locals): Value {
    if (parts.length === 1 && typeof parts[0] === 'string') return parts[0];
    return parts.map((part) => (typeof part === 'string' ? part : textOf(this.evaluate(part, locals)))).join('');
  }

  #member(value: Value, name: string, isSafe: boolean): Value {
    if (value instanceof Runtime) return new Runtime(value.resource, `${value.path}.${name}`, value.isSecret);
    if (value instanceof Resource) return this.#resourceMember(value, name);
    if (value instanceof ModuleInstance)
      return name === 'outputs' ? value.outputs() : name === 'name' ? value.name : new Runtime(undefined, name);
    if (value instanceof Scope) return this.#member(scopeProperties(value), name, isSafe);
    if (value === null && isSafe) return null;
    if (!isObject(value)) throw new EvaluationFault(`an object with ${name}`, textOf(value) || 'null');
    const found = propertyOf(value, name);
    if (found === undefined && !isSafe)
      throw new EvaluationFault(`one of ${Object.keys(value).join(', ') || 'no properties'}`, name);
    return found ?? null;
  }

  #resourceMember(resource: Resource, name: string): Value {
    if (name === 'id') return resource.id;
    if (name === 'name') return resource.name;
    if (name === 'type') return resource.type;
    if (name === 'apiVersion') return resource.apiVersion;
    const own = resource.isExisting ? undefined : propertyOf(resource.body, name);
    return own !== undefined && !isObject(own) ? own : new Runtime(resource, name);
  }

  #index(value: Value, index: Value, isSafe: boolean): Value {
    if (typeof index === 'string') return this.#member(value, index, isSafe);
    if (value instanceof Runtime) return new Runtime(value.resource, `${value.path}[${textOf(index)}]`, value.isSecret);
    const found = isList(value) ? value[Number(index)] : undefined;
    if (found === undefined && !isSafe)
      throw new EvaluationFault(`an index below ${isList(value) ? value.length : 0}`, textOf(index));
    return found ?? null;
  }

  #binary(operator: string, left: Expression, right: Expression, locals: Locals): Value {
    const first = this.evaluate(left, locals);
    if (operator === '&&') return first === true && this.evaluate(right, locals) === true;
    if (operator === '||') return first === true || this.evaluate(right, locals) === true;
    if (operator === '??') return first ?? this.evaluate(right, locals);
    const second = this.evaluate(right, locals);
    return combine(operator, first, second);
  }

  #call(node: Extract<Expression, { kind: 'call' }>, locals: Locals): Value {
    const { name, target } = node;
    if (target && !(target.kind === 'name' && (target.name === 'az' || target.name === 'sys'))) {
      const on = this.evaluate(target, locals);
      if (isKeyCall(name)) return new Runtime(on instanceof Resource ? on : undefined, `${name}()`, true);
      throw new EvaluationFault('a function such as getSecret()', `${name}()`);
    }
    const own = this.file.symbols.get(name);
    const args = node.args.map((arg) => this.evaluate(arg, locals));
    if (own?.kind === 'func')
      return this.evaluate(
        own.value,
        Object.fromEntries(own.parameters.map((parameter, index) => [parameter.name, args[index] ?? null])),
      );
    if (name.startsWith('load')) return this.#load(name, textOf(args[0] ?? null), node);
    return callFunction(name, args, this.scope);
  }

  #load(name: string, path: string, node: Expression): Value {
    const full = join(dirname(this.file.path), path);
    const text = this.#workspace.read(full);
    if (text === undefined) throw new PlacedFault(this.placeOf(node), 'an existing file', path);
    if (name !== 'loadJsonContent') return text;
    const value = parsedJson.get(text) ?? (JSON.parse(text) as Value);
    parsedJson.set(text, value);
    return value;
  }
}
