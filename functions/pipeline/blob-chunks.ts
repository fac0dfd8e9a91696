import type { Batch, Outcome } from './batch.ts';
import type { DecodeFault } from './decode.ts';
import { ingest, type Entry, type IngestPorts } from './ingest.ts';
import { LineSplitter, MAX_LINE_BYTES, type Line } from './line-splitter.ts';
import { lineReader, type LineReader } from './log-lines.ts';
import { OutcomeSum } from './outcome-sum.ts';
import { SeenEvents } from './seen-events.ts';
import { recordOf } from './normalize/registry.ts';
import { ingestEnvelope, reuseRows } from './transcode/envelope.ts';
import { RecordLines } from './transcode/record.ts';

// The content of a blob → batches, in bounded memory.

/** A chunk is one batch: what is durable together and one row of the ledger. Where it ends, only the content decides. */
const CHUNK_EVENTS = 5000;
/** So many records go the long way at once: objects by the dozen for each, which are text again before they grow old. */
const SLICE = 64;
/** So many records of the fast path are gathered at once. */
const FAST_SLICE = 256;
/** Rows are several times the size of what they are made of, and live until Kusto has them. */
const CHUNK_BYTES = 1024 * 1024;
/** A queue takes big pieces: each becomes an extent of its own. */
const BIG = 8;
/** Begins a header line of a log: a run that resumes reads those above its first line too. */
const HASH = 0x23;
const BRACE = 0x7b;

export interface ChunkSource {
  readonly content: AsyncIterable<Uint8Array>;
  /** Lines before it are durable already. */
  readonly firstLine: number;
  /** Chunks are several times the usual size. */
  readonly isBig?: boolean;
  /** The dialect that the blob's folder names. */
  readonly dialect: string | undefined;
  /** The batch of the chunk that begins with a line, its bytes not yet counted. */
  batchFrom(line: number): Batch;
}

export interface Chunk {
  /** Its rows stand in memory that the next chunk uses again. */
  readonly outcome: Outcome;
  /** The line behind it. */
  readonly nextLine: number;
}

const tooLong: DecodeFault = {
  ok: false,
  reason: 'too-large',
  detail: `a line is longer than ${MAX_LINE_BYTES} bytes`,
  text: '',
};

/** What the chunks of a blob share. */
interface Tools {
  readonly reader: LineReader;
  readonly sum: OutcomeSum;
  readonly records: RecordLines | undefined;
  /** Of the chunk under way. */
  readonly seen: SeenEvents;
}

/** A chunk under way. */
class Draft {
  readonly #batch: Batch;
  readonly #reader: LineReader;
  readonly #ports: IngestPorts;
  readonly #records: RecordLines | undefined;
  readonly #sum: OutcomeSum;
  readonly #entries: Entry[] = [];
  readonly #seen: SeenEvents;
  readonly #firstLine: number;
  readonly #scale: number;
  nextLine: number;
  #bytes = 0;
  #events = 0;

  constructor(source: ChunkSource, firstLine: number, tools: Tools, ports: IngestPorts) {
    const { reader, sum, records, seen } = tools;
    seen.clear();
    this.#seen = seen;
    this.#sum = sum;
    this.#records = records;
    this.#batch = source.batchFrom(firstLine);
    this.#scale = source.isBig === true ? BIG : 1;
    this.#reader = reader;
    this.#ports = ports;
    this.#firstLine = firstLine;
    this.nextLine = firstLine;
    records?.open(this.#batch, seen);
  }

  get isEmpty(): boolean {
    return this.nextLine === this.#firstLine;
  }

  get isFull(): boolean {
    return this.#events >= CHUNK_EVENTS * this.#scale || this.#bytes >= CHUNK_BYTES * this.#scale;
  }

  add(line: Line): void {
    const { number, memory } = line;
    this.nextLine = number + 1;
    this.#bytes += memory ? line.end - line.start + 1 : 0;
    if (memory && this.#records) {
      if (this.#takeRecord(this.#records, memory, line)) return;
    } else if (memory && this.#takeEnvelope(line.bytes!)) return;
    const { bytes } = line;
    const records = bytes ? this.#reader.read(bytes) : [tooLong];
    for (const decoded of records) this.#entries.push({ decoded, line: number });
    this.#events += records.length;
    if (this.#entries.length >= SLICE) this.#takeSlice();
  }

  /** The fast path of the probe's envelopes; an envelope with anything to say goes the long way, which knows its line. */
  #takeEnvelope(bytes: Uint8Array): boolean {
    const outcome = bytes[0] === BRACE ? ingestEnvelope(this.#batch, bytes, this.#ports, this.#seen) : undefined;
    const isTaken = outcome !== undefined && outcome.rejects.length === 0;
    if (isTaken) {
      this.#sum.add(outcome);
      this.#events += outcome.received;
    }
    if (outcome) reuseRows();
    return isTaken;
  }

  /** The fast path of flat records. */
  #takeRecord(records: RecordLines, memory: Uint8Array, { number, start, end }: Line): boolean {
    if (!records.take(memory, number, start, end)) return false;
    this.#events++;
    if (records.waiting >= FAST_SLICE) this.#sum.add(records.outcome());
    return true;
  }

  #takeSlice(): void {
    this.#sum.add(ingest(this.#batch, this.#entries.splice(0), this.#ports, this.#seen));
  }

  close(): Chunk {
    if (this.#records && this.#records.waiting > 0) this.#sum.add(this.#records.outcome());
    if (this.#entries.length > 0 || this.#sum.isEmpty) this.#takeSlice();
    return { outcome: this.#sum.close({ ...this.#batch, bytes: this.#bytes }), nextLine: this.nextLine };
  }
}

/** Chunks of lines from the first line on. When the content breaks off, what came before is given first, then the fault is thrown. */
export async function* chunksOf(source: ChunkSource, ports: IngestPorts): AsyncGenerator<Chunk> {
  const { content, firstLine, dialect } = source;
  const reader = lineReader(dialect, { ...ports.limits, maxBodyBytes: MAX_LINE_BYTES });
  const splitter = new LineSplitter();
  const record = recordOf(dialect);
  const records = record && new RecordLines(record, ports);
  const tools: Tools = { reader, sum: new OutcomeSum(), records, seen: new SeenEvents() };
  const fresh = (line: number): Draft => new Draft(source, line, tools, ports);
  let draft = fresh(firstLine);
  let fault: unknown;
  try {
    for await (const bytes of content) {
      for (const line of splitter.push(bytes)) {
        if (line.number < firstLine) {
          if (line.memory?.[line.start] === HASH) reader.read(line.bytes!);
          continue;
        }
        draft.add(line);
        if (!draft.isFull) continue;
        yield draft.close();
        draft = fresh(draft.nextLine);
      }
    }
    for (const line of splitter.end()) if (line.number >= firstLine) draft.add(line);
  } catch (error) {
    fault = error;
  }
  if (!draft.isEmpty) yield draft.close();
  if (fault !== undefined) throw fault;
}
