// kql/ in the order in which it must be applied.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandsOf, functionParts, withoutComments, type Command } from './commands.ts';

export interface Stage {
  readonly name: string;
  readonly commands: readonly Command[];
}

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const filesIn = (folder: string): string[] =>
  readdirSync(join(repository, folder), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)]))
    .filter((path) => path.endsWith('.kql'))
    .sort();

const read = (path: string): Command[] => commandsOf(readFileSync(join(repository, path), 'utf8'), relative('.', path));

/** Functions so that each comes after those it calls: creating one checks its body. Ties keep the order of their files. */
export function inOrderOfUse(functions: readonly Command[]): Command[] {
  const byName = new Map(functions.map((command) => [command.name, command]));
  const done = new Set<string>();
  const order: Command[] = [];
  const visit = (command: Command, path: readonly string[]): void => {
    if (done.has(command.name)) return;
    if (path.includes(command.name))
      throw new Error(`kql/: functions call each other in a circle: ${[...path, command.name].join(' → ')}`);
    const body = withoutComments(functionParts(command).body);
    for (const [, name] of body.matchAll(/\b(\w+)\s*\(/g)) {
      const used = byName.get(name ?? '');
      if (used && used !== command) visit(used, [...path, command.name]);
    }
    done.add(command.name);
    order.push(command);
  };
  for (const command of functions) visit(command, []);
  return order;
}

/** Everything under kql/, in stages: tables, mappings, policies and views by the numbers of their files, then functions. */
export function loadKql(): Stage[] {
  const schema = [
    ...filesIn('kql/schema/generated'),
    ...filesIn('kql/schema').filter((path) => !path.includes('generated')),
  ];
  const functions = ['kql/functions', 'kql/detectors', 'kql/alerts'].flatMap(filesIn).flatMap((path) => {
    const commands = read(path);
    const [only] = commands;
    if (commands.length !== 1 || only?.kind !== 'function' || !path.endsWith(`/${only.name}.kql`)) {
      throw new Error(`${path}: expected one function, named like its file`);
    }
    return commands;
  });
  return [
    ...schema.map((path) => ({ name: path.replace(/^.*\//, '').replace(/\.kql$/, ''), commands: read(path) })),
    { name: 'functions', commands: inOrderOfUse(functions) },
  ];
}
