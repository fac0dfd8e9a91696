import { KustoError } from '../types.ts';
import { table as result, type Handlers } from './command.ts';

/** What the queued-ingestion client asks for before its first blob. */
export const queuedIngestionCommands: Handlers = {
  'get ingestion resources': (scanner, { engine }) => {
    scanner.properties();
    scanner.end();
    if (engine.queuedResources === null) {
      throw new KustoError(
        'BADREQUEST',
        'This engine was started without blob storage (--blob-connection), so it takes streaming ingestion only',
      );
    }
    return result({ ResourceTypeName: 'string', StorageRoot: 'string' }, engine.queuedResources());
  },
  'get kusto identity token': (_scanner, { engine }) =>
    result({ AuthorizationContext: 'string' }, [[`local-${engine.id}`]]),
};
