// Faults that a change could bring in, each as an edit of one file: what stands there, once, and what stands there instead.

export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The fast tests that ought to notice. */
  readonly caughtBy: readonly string[];
}

const PROMISES = 'test/fuzz/promises.test.ts';

export const mutants: readonly Mutant[] = [
  {
    name: 'acknowledge before the write',
    file: 'functions/triggers/ingest-events.ts',
    from: 'errors } = await storeOrSpill(outcome, options);',
    to: 'errors } = (void storeOrSpill(outcome, options).catch(() => undefined), { received: outcome.received, stored: outcome.received - outcome.rejects.length - outcome.duplicate, rejected: outcome.rejects.length, duplicate: outcome.duplicate, errors: outcome.errors });',
    caughtBy: [PROMISES],
  },
  {
    name: 'quarantine after the acknowledgement',
    file: 'functions/pipeline/store.ts',
    from: 'const refusals = await sink.write(written',
    to: 'void sink.write({ RejectedEvents: rejects }); const refusals = await sink.write({ ...written, RejectedEvents: [] }',
    caughtBy: [PROMISES],
  },
  {
    name: 'ledger not waited for',
    file: 'functions/pipeline/store.ts',
    from: 'const unbooked = await sink.write(',
    to: 'const unbooked: { table: string; detail: string }[] = []; void sink.write(',
    caughtBy: [PROMISES],
  },
  {
    name: 'ledger off by one',
    file: 'functions/pipeline/store.ts',
    from: 'received: outcome.received,',
    to: 'received: outcome.received + 1,',
    caughtBy: [PROMISES],
  },
  {
    name: 'refused row lost',
    file: 'functions/pipeline/store.ts',
    from: 'return refusals.map(({ table, index, detail }, number) => {',
    to: 'return refusals.slice(refusals.length).map(({ table, index, detail }, number) => {',
    caughtBy: [PROMISES],
  },
  {
    name: 'reject swallowed',
    file: 'functions/pipeline/books.ts',
    from: 'this.#rejects.push(rejectRow(this.#batch, options, this.#digests, this.#twins));',
    to: '',
    caughtBy: [PROMISES],
  },
  {
    name: 'reject that is sent again counted as another',
    file: 'functions/pipeline/rejects.ts',
    from: 'const id = `${tenant}:${digest.slice(0, 32)}`;',
    to: 'const id = `${tenant}:${batchId}:${digest.slice(0, 32)}`;',
    caughtBy: ['functions/pipeline/ingest.test.ts'],
  },
  {
    name: 'no dedupe',
    file: 'functions/pipeline/books.ts',
    from: 'if (this.#seen.add(eventId)) return false;',
    to: 'if (eventId !== undefined) return false;',
    caughtBy: [PROMISES, 'functions/pipeline/ingest.test.ts'],
  },
  {
    name: 'tail of a batch dropped',
    file: 'functions/adapters/table-writer.ts',
    from: 'joined(pieces, this.#memory)',
    to: 'joined(pieces.map((piece) => ({ ...piece, to: piece.to > 100 ? piece.to - 1 : piece.to })), this.#memory)',
    caughtBy: [PROMISES],
  },
  {
    name: 'memory of a call used again while it is on its way',
    file: 'functions/adapters/table-writer.ts',
    from: 'const body = this.#destination.pack(bytes);',
    to: 'const body = this.#destination.pack(bytes); if (memory) this.#memory.giveBack(memory);',
    caughtBy: ['functions/adapters/call-memory.test.ts'],
  },
  {
    name: 'dropped on 429',
    file: 'functions/adapters/table-writer.ts',
    from: "counters.add('sink_calls_total', 1, failure.kind);",
    to: "counters.add('sink_calls_total', 1, failure.kind); if (failure.kind === 'throttled') return undefined;",
    caughtBy: [PROMISES],
  },
  {
    name: 'checkpoint before the commit',
    file: 'functions/pipeline/blob-run.ts',
    from: 'books.add(await storeRows(outcome, ports), nextLine);',
    to: 'await claim.save({ ...begun, linesDone: nextLine }); books.add(await storeRows(outcome, ports), nextLine);',
    caughtBy: [PROMISES],
  },
  {
    name: 'last line without a newline dropped',
    file: 'functions/pipeline/blob-chunks.ts',
    from: 'for (const line of splitter.end())',
    to: 'for (const line of splitter.end().slice(0, 0))',
    caughtBy: [PROMISES],
  },
  {
    name: 'events of the long way lost beside those of the fast one',
    file: 'functions/pipeline/outcome-sum.ts',
    from: 'this.#gathers[table].addRows(part.rows[table]);',
    to: 'if (!text) this.#gathers[table].addRows(part.rows[table]);',
    caughtBy: ['functions/pipeline/blob-chunks.test.ts'],
  },
  {
    name: 'no dedupe on the fast path',
    file: 'functions/pipeline/transcode/envelope.ts',
    from: 'if (this.#isNew(sequence)) {',
    to: 'if (this.#isNew(sequence) || out) {',
    caughtBy: [PROMISES],
  },
  {
    name: 'rows spoiled where memory is full',
    file: 'functions/pipeline/transcode/event.ts',
    from: 'out.reserve(ROW_BYTES + session.propsEnd);\n    const start = out.at;',
    to: 'const start = out.at;\n    out.reserve(ROW_BYTES + session.propsEnd);',
    caughtBy: ['functions/pipeline/transcode/full-memory.test.ts'],
  },
  {
    name: 'free text of flat records kept as it is',
    file: 'functions/pipeline/transcode/record-props.ts',
    from: 'new DynamicCleaner().clean(text, name) === text',
    to: 'true',
    caughtBy: ['functions/pipeline/transcode/record.test.ts'],
  },
  {
    name: 'no dedupe on the fast path of flat records',
    file: 'functions/pipeline/transcode/record.ts',
    from: 'if (this.#seen!.addRecord(memory, this.#session, this.#id)) {',
    to: 'if (this.#seen!.addRecord(memory, this.#session, this.#id) || line >= 0) {',
    caughtBy: ['functions/pipeline/transcode/record.test.ts'],
  },
  {
    name: 'head of a line that two chunks share lost',
    file: 'functions/pipeline/line-splitter.ts',
    from: 'this.#joint.set(rest);',
    to: '',
    caughtBy: ['functions/pipeline/line-splitter.test.ts'],
  },
  {
    name: 'spill removed before it is stored',
    file: 'functions/pipeline/spill-drain.ts',
    from: 'if (!(await bringBack(one.line, ports)))',
    to: 'await one.blob.claim.remove(); if (!(await bringBack(one.line, ports)))',
    caughtBy: ['functions/pipeline/spill.test.ts'],
  },
  {
    name: 'acknowledged though the spill failed',
    file: 'functions/pipeline/spill.ts',
    from: 'await ports.spill.put(spillLine(outcome)).catch(() => {\n      throw error;\n    });',
    to: 'await ports.spill.put(spillLine(outcome)).catch(() => undefined);',
    caughtBy: [PROMISES],
  },
  {
    name: 'address not cut',
    file: 'functions/pipeline/network.ts',
    from: "`${parts.slice(0, 3).map(Number).join('.')}.0`",
    to: 'text',
    caughtBy: [PROMISES, 'functions/pipeline/network.test.ts'],
  },
  {
    name: 'consent ignored',
    file: 'functions/pipeline/privacy.ts',
    from: 'claims.consent !== 0 && claims.consent !== false && !batch.isOptedOut',
    to: '!batch.isOptedOut',
    caughtBy: [PROMISES],
  },
  {
    name: 'opt-out ignored',
    file: 'functions/pipeline/privacy.ts',
    from: '&& !batch.isOptedOut',
    to: '',
    caughtBy: [PROMISES],
  },
  {
    name: 'viewer id stored as it is',
    file: 'functions/pipeline/privacy.ts',
    from: "columns['viewerId'] = pseudonym;",
    to: "columns['viewerId'] = viewerId;",
    caughtBy: [PROMISES],
  },
  {
    name: 'quarantine quotes identity',
    file: 'functions/pipeline/rejects.ts',
    from: 'if (isIdentityKey(key)) continue;',
    to: '',
    caughtBy: ['functions/pipeline/ingest.test.ts'],
  },
  {
    name: 'payload in the log',
    file: 'functions/triggers/ingest-events.ts',
    from: 'causeOf(error)}`);',
    to: 'causeOf(error)} ${await request.clone().text()}`);',
    caughtBy: [PROMISES],
  },
  {
    name: 'exception told to the sender',
    file: 'functions/triggers/ingest-events.ts',
    from: "message: 'The events could not be stored. Keep them and try again.'",
    to: 'message: String(error)',
    caughtBy: [PROMISES],
  },
  {
    name: 'quota never refills',
    file: 'functions/triggers/quotas.ts',
    from: '(Math.max(0, now - bucket.atMs) / 1000) * rate',
    to: '0',
    caughtBy: ['functions/triggers/quotas.test.ts'],
  },
  {
    name: 'data.url opened',
    file: 'functions/triggers/blob-created.ts',
    from: 'const result = await runBlob(read.ref, BUDGET_MS, options);',
    to: 'await fetch(String((event.data as { url?: unknown } | undefined)?.url)).catch(() => undefined); const result = await runBlob(read.ref, BUDGET_MS, options);',
    caughtBy: ['test/fuzz/sockets.test.ts'],
  },
  {
    name: 'blob name may leave its container',
    file: 'functions/triggers/blob-created.ts',
    from: '|| !isPlainPath(name)) return',
    to: ') return',
    caughtBy: ['test/fuzz/sockets.test.ts'],
  },
];
