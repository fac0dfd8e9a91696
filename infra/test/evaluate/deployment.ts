import { dirname, join } from 'node:path/posix';
import type { Expression, ModuleDeclaration, ObjectNode, ResourceDeclaration, Statement } from '../bicep/ast.ts';
import type { BicepFile, Workspace } from '../bicep/workspace.ts';
import { Evaluator, type Locals } from './evaluator.ts';
import { PlacedFault } from './placed-fault.ts';
import { resourceGroupScope, subscriptionScope } from './functions.ts';
import {
  isList,
  isObject,
  ModuleInstance,
  notePlace,
  placeOf,
  Resource,
  Scope,
  textOf,
  type Place,
  type Value,
  type ValueObject,
} from './values.ts';

// Plays a deployment without Azure: which resources there would be, with which properties, for given parameters.

/** A module as it was called. */
export interface ModuleCall {
  readonly file: string;
  readonly path: string;
  readonly parameters: ValueObject;
  readonly place: Place;
  /** Of the deployment that the module becomes, and where it runs. */
  readonly name: string;
  readonly scope: string;
}

export interface Deployment {
  readonly resources: readonly Resource[];
  readonly modules: readonly ModuleCall[];
  readonly outputs: ValueObject;
  readonly faults: readonly PlacedFault[];
  /** Symbols each resource needs, by file and symbol. */
  readonly needs: ReadonlyMap<string, ReadonlySet<string>>;
}

interface Round {
  readonly body: ObjectNode;
  readonly locals: Locals;
  readonly isDeployed: boolean;
}

const OUTSIDE_BODY = new Set(['parent', 'scope', 'dependsOn']);

class Player {
  readonly resources: Resource[] = [];
  readonly modules: ModuleCall[] = [];
  readonly faults: PlacedFault[] = [];
  readonly needs = new Map<string, ReadonlySet<string>>();
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  #guard<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof PlacedFault)) throw error;
      if (!this.faults.some((other) => other.message === error.message)) this.faults.push(error);
      return undefined;
    }
  }

  /** Unwraps `[for …: if (…) {…}]`. */
  #rounds(node: Expression, locals: Locals, evaluator: Evaluator): Round[] {
    if (node.kind === 'for')
      return evaluator.loop(node, locals).flatMap((round) => this.#rounds(round.body, round.locals, evaluator));
    if (node.kind === 'if') {
      const isDeployed = evaluator.evaluate(node.condition, locals) === true;
      return this.#rounds(node.body, locals, evaluator).map((round) => ({ ...round, isDeployed }));
    }
    if (node.kind !== 'object')
      throw new PlacedFault(evaluator.placeOf(node), 'the body of a resource or module', node.kind);
    return [{ body: node, locals, isDeployed: true }];
  }

  #property(round: Round, name: string, evaluator: Evaluator): Value {
    const property = round.body.properties.find((each) => each.name === name);
    return property ? evaluator.evaluate(property.value, round.locals) : null;
  }

  #identify(resource: Resource, round: Round, evaluator: Evaluator): void {
    const parent = resource.parent ?? this.#property(round, 'parent', evaluator);
    const scope = this.#property(round, 'scope', evaluator);
    const own = textOf(this.#property(round, 'name', evaluator));
    const [provider = '', ...parts] = resource.type.split('/');
    resource.name = own;
    if (parent instanceof Resource) {
      resource.parent = parent;
      resource.id = `${parent.id}/${parts.at(-1)}/${own}`;
      return;
    }
    if (scope instanceof Resource || scope instanceof Scope) resource.target = scope;
    const base = scope instanceof Resource ? scope.id : scope instanceof Scope ? scope.id : evaluator.scope.id;
    const names = own.split('/');
    resource.id =
      resource.type === 'Microsoft.Resources/resourceGroups'
        ? `${base}/resourceGroups/${own}`
        : `${base}/providers/${provider}${parts.map((part, index) => `/${part}/${names[index] ?? ''}`).join('')}`;
  }

  #body(round: Round, evaluator: Evaluator): ValueObject {
    const made: Record<string, Value> = {};
    for (const property of round.body.properties) {
      const value = evaluator.evaluate(property.value, round.locals);
      if (property.name === undefined || OUTSIDE_BODY.has(property.name)) continue;
      made[property.name] = value;
      notePlace(made, property.name, evaluator.placeOf(property));
    }
    return made;
  }

  resource(declaration: ResourceDeclaration, evaluator: Evaluator, path: string, parent?: Resource): Value {
    const rounds = this.#rounds(declaration.body, {}, evaluator);
    const made = rounds.map((round) => {
      const resource = new Resource({
        symbol: declaration.name,
        type: parent ? `${parent.type}/${declaration.type}` : declaration.type,
        apiVersion: declaration.apiVersion || (parent?.apiVersion ?? ''),
        isExisting: declaration.isExisting,
        place: evaluator.placeOf(declaration),
        path,
      });
      resource.parent = parent;
      if (!round.isDeployed) return resource;
      this.#identify(resource, round, evaluator);
      resource.body = this.#body(round, evaluator);
      this.resources.push(resource);
      for (const nested of round.body.resources) {
        const child = this.resource(nested, evaluator, path, resource);
        if (child instanceof Resource) resource.nested.set(nested.name, child);
      }
      return resource;
    });
    return declaration.body.kind === 'for' ? made : (made[0] ?? null);
  }

  module(declaration: ModuleDeclaration, evaluator: Evaluator, path: string): Value {
    const target = join(dirname(evaluator.file.path), declaration.path);
    const file = this.#workspace.files.get(target);
    if (!file) throw new PlacedFault(evaluator.placeOf(declaration), 'an existing file', declaration.path);
    const made = this.#rounds(declaration.body, {}, evaluator).map((round, index) => {
      const symbol = declaration.body.kind === 'for' ? `${declaration.name}[${index}]` : declaration.name;
      const inner = path === '' ? symbol : `${path}/${symbol}`;
      if (!round.isDeployed) return new ModuleInstance(symbol, symbol, () => ({}));
      const scope = this.#property(round, 'scope', evaluator);
      const parameters = this.#property(round, 'params', evaluator);
      this.#property(round, 'dependsOn', evaluator);
      const name = textOf(this.#property(round, 'name', evaluator)) || symbol;
      const at =
        scope instanceof Resource ? resourceGroupScope(scope.name) : scope instanceof Scope ? scope : evaluator.scope;
      const call: ModuleCall = {
        file: target,
        path: inner,
        parameters: isObject(parameters) ? parameters : {},
        place: evaluator.placeOf(declaration),
        name,
        scope: at.id,
      };
      this.modules.push(call);
      let outputs: ValueObject | undefined;
      const play = (): ValueObject => (outputs ??= this.play(file, call.parameters, at, inner));
      play();
      return new ModuleInstance(symbol, name, play);
    });
    return declaration.body.kind === 'for' ? made : (made[0] ?? null);
  }

  play(file: BicepFile, parameters: ValueObject, scope: Scope, path: string): ValueObject {
    const deploy = (statement: Statement, evaluator: Evaluator): Value => {
      if (statement.kind === 'resource') return this.resource(statement, evaluator, path);
      if (statement.kind === 'module') return this.module(statement, evaluator, path);
      return null;
    };
    const evaluator = new Evaluator(file, this.#workspace, parameters, scope, deploy);
    const outputs: Record<string, Value> = {};
    for (const statement of file.statements) {
      if (statement.kind === 'resource' || statement.kind === 'module') {
        this.#guard(() => evaluator.symbol(statement.name, evaluator.placeOf(statement)));
        this.needs.set(`${file.path} ${statement.name}`, evaluator.needsOf(statement.name));
      } else if (statement.kind === 'output') {
        outputs[statement.name] = this.#guard(() => evaluator.evaluate(statement.value, {})) ?? null;
        notePlace(outputs, statement.name, evaluator.placeOf(statement));
      }
    }
    return outputs;
  }
}

/** Deploys one file with parameters; nothing leaves this process. */
export function deploy(workspace: Workspace, path: string, parameters: ValueObject): Deployment {
  const file = workspace.files.get(path);
  if (!file) throw new Error(`no file ${path}`);
  const player = new Player(workspace);
  const scope = file.targetScope === 'subscription' ? subscriptionScope : resourceGroupScope('rg-test');
  const outputs = player.play(file, parameters, scope, '');
  return { resources: player.resources, modules: player.modules, outputs, faults: player.faults, needs: player.needs };
}

/** Where a property of a resource was written, or the resource itself. */
export function placeIn(resource: Resource, path: string): Place {
  let holder: Value = resource.body;
  let place = resource.place;
  for (const key of path.split(/\.|\[|\]/).filter((part) => part !== '')) {
    if (!isObject(holder) && !isList(holder)) break;
    const index = isList(holder) ? Number(key) : key;
    place = placeOf(holder, index) ?? place;
    holder = (isList(holder) ? holder[Number(key)] : holder[key]) ?? null;
  }
  return place;
}
