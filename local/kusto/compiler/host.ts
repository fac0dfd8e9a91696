// The compiler's own process. Parsing and binding take milliseconds to seconds of pure script, which here holds up nobody else.

import { KustoError, SchemaNeeded, type Catalog, type CompiledQuery } from '../types.ts';
import { freeWhenQuiet } from '../exec/quiet-memory.ts';
import { analyze } from '../parser/analyze.ts';
import { warmUp } from '../parser/warm-up.ts';
import { compileQuery } from '../plan/compile.ts';
import type { CompileRequest, Reply, Request } from './messages.ts';

/** Plans and bound trees hang on these objects. */
const MOST_CATALOGS = 12;
const catalogs = new Map<number, Catalog>();

function catalogOf({ catalogId, catalog }: CompileRequest): Catalog | undefined {
  const known = catalogs.get(catalogId) ?? catalog;
  if (known === undefined) return undefined;
  catalogs.delete(catalogId);
  catalogs.set(catalogId, known);
  if (catalogs.size > MOST_CATALOGS) catalogs.delete(catalogs.keys().next().value ?? 0);
  return known;
}

function compile(request: CompileRequest): Reply {
  const { id } = request;
  const catalog = catalogOf(request);
  if (catalog === undefined) return { id, kind: 'catalog-missing' };
  if (request.bindOnly === true) {
    analyze(request.text, catalog);
    return { id, kind: 'warm' };
  }
  const plan: CompiledQuery = compileQuery(request.text, catalog, {
    now: request.now,
    parameters: { ...request.parameters },
    answers: request.answers,
  });
  return { id, kind: 'plan', plan };
}

function answer(request: Request): Reply {
  const { id } = request;
  try {
    if (request.kind === 'compile') return compile(request);
    warmUp();
    return { id, kind: 'warm' };
  } catch (error) {
    if (error instanceof KustoError) {
      const { code, message, line, column, permanent } = error;
      const need = error instanceof SchemaNeeded ? { need: error.need } : {};
      return { id, kind: 'refused', code, message, line, column, permanent, ...need };
    }
    const message = error instanceof Error ? error.message : String(error);
    return { id, kind: 'refused', code: 'INTERNAL', message: message.slice(0, 500), permanent: true };
  }
}

process.on('message', (request: Request) => {
  // The engine may be gone by now; whom nobody hears needs no error.
  process.send?.(answer(request), undefined, undefined, () => undefined);
  freeWhenQuiet();
});
// The engine is gone, killed perhaps.
process.on('disconnect', () => process.exit(0));
// Signals meant for the engine reach its whole group; it ends this process when it is done.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
