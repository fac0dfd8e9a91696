import { mappingKey, policyKey, type Change } from '../catalog/entities.ts';
import type { CommandContext } from './command.ts';

/** A dropped (`newName` null) or renamed table or view takes its mappings and policies along. */
export function belongings(
  { database, engine }: CommandContext,
  entityKind: 'table' | 'materialized-view',
  name: string,
  newName: string | null,
): Change[] {
  const mappings = engine.catalog.mappings(database).filter(({ table }) => entityKind === 'table' && table === name);
  const policies = engine.catalog
    .policies(database)
    .filter((policy) => policy.entityKind === entityKind && policy.entity === name);
  const gone: Change[] = [
    ...mappings.map((mapping): Change => ({
      kind: 'mapping',
      database,
      key: mappingKey(name, mapping.kind, mapping.name),
      value: null,
    })),
    ...policies.map(({ policy }): Change => ({
      kind: 'policy',
      database,
      key: policyKey(entityKind, name, policy),
      value: null,
    })),
  ];
  if (newName === null) return gone;
  return [
    ...gone,
    ...mappings.map((mapping): Change => ({
      kind: 'mapping',
      database,
      key: mappingKey(newName, mapping.kind, mapping.name),
      value: { ...mapping, table: newName },
    })),
    ...policies.map((policy): Change => ({
      kind: 'policy',
      database,
      key: policyKey(entityKind, newName, policy.policy),
      value: { ...policy, entity: newName },
    })),
  ];
}
