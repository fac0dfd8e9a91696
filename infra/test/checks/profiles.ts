import { expressionsOf } from '../bicep/visit.ts';
import type { Context } from '../context.ts';
import { finding, type Finding } from '../finding.ts';

// profiles.json: the same settings in each profile, of the same kind, each of them read somewhere.

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
const FILE = 'infra/profiles.json';

const isGroup = (value: Json): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `kusto.capacity` → kind of value, of one profile. */
function leaves(value: Json, path = ''): Map<string, string> {
  if (!isGroup(value)) return new Map([[path, Array.isArray(value) ? 'list' : typeof value]]);
  return new Map(
    Object.entries(value).flatMap(([name, inner]) => [...leaves(inner, path === '' ? name : `${path}.${name}`)]),
  );
}

const placeOfName = (text: string, profile: string, name: string) => {
  const from = text.indexOf(`"${profile}"`);
  const offset = text.indexOf(`"${name}"`, Math.max(0, from));
  return { file: FILE, line: text.slice(0, Math.max(0, offset)).split('\n').length, column: 1 };
};

/** Profiles are alike and used. */
export function profiles({ workspace }: Context): Finding[] {
  const text = workspace.read(FILE) ?? '{}';
  const all = Object.entries(JSON.parse(text) as Record<string, Json>).map(([name, value]) => ({
    name,
    leaves: leaves(value),
  }));
  const every = new Map(all.flatMap((profile) => [...profile.leaves]));
  const found = all.flatMap((profile) =>
    [...every].flatMap(([path, kind]) => {
      const own = profile.leaves.get(path);
      const last = path.split('.').at(-1) ?? '';
      return own === kind
        ? []
        : [
            finding('profiles', placeOfName(text, profile.name, own === undefined ? profile.name : last), [
              `setting ${path} of profile ${profile.name}`,
              own ?? 'nothing',
              `a ${kind}, as in the other profiles`,
            ]),
          ];
    }),
  );
  const read = new Set(
    [...workspace.files.values()].flatMap((file) =>
      file.statements.flatMap((statement) =>
        [...expressionsOf(statement)].flatMap(({ node }) => (node.kind === 'member' ? [node.name] : [])),
      ),
    ),
  );
  for (const path of every.keys())
    for (const name of path.split('.'))
      if (!read.has(name))
        found.push(
          finding('profiles', placeOfName(text, '', name), [
            `setting ${path}`,
            'read by no Bicep file',
            'to be used or deleted',
          ]),
        );
  return found;
}
