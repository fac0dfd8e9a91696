import { ticksOfMs } from '../store/clock.ts';
import { table as result, type CommandContext, type CommandResult } from './command.ts';

/** Changes of the schema since the engine started, newest first; of one database or of all. */
export const journal = ({ engine }: CommandContext, database?: string): CommandResult =>
  result(
    {
      Event: 'string',
      EventTimestamp: 'datetime',
      Database: 'string',
      EntityName: 'string',
      UpdatedEntityName: 'string',
      EntityVersion: 'string',
      EntityContainerName: 'string',
      OriginalEntityState: 'string',
      UpdatedEntityState: 'string',
      ChangeCommand: 'string',
      Principal: 'string',
    },
    engine.journal.entries
      .filter((entry) => database === undefined || entry.database === database)
      .toReversed()
      .map((entry) => [
        entry.event,
        ticksOfMs(entry.at.getTime()),
        entry.database,
        entry.entity,
        entry.updatedEntity,
        `v1.${entry.version}`,
        entry.database,
        entry.before,
        entry.after,
        entry.command,
        entry.user,
      ]),
  );
