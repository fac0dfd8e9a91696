import { mkdirSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

// An append-only log in numbered files. What `append` has resolved is on the disk; a record cut short by a crash is removed at the
// next start. Record: length and CRC-32 of the payload (4 bytes each, big-endian), then the payload.

const FRAME_BYTES = 8;
const NAME = /^(\d{8})\.log$/;

export interface Segment {
  readonly path: string;
  readonly number: number;
  readonly handle: FileHandle;
  bytes: number;
  /** Newest time that its owner has noted for it, epoch ms. */
  newestMs: number;
  isDropped: boolean;
}

/** Where the payload of a record lies. */
export interface RecordPlace {
  readonly segment: Segment;
  readonly position: number;
  readonly length: number;
}

interface LogOptions {
  readonly dir: string;
  /** A new file is begun beyond this size. */
  readonly segmentBytes: number;
}

const nameOf = (number: number): string => `${String(number).padStart(8, '0')}.log`;

function frame(payload: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_BYTES);
  head.writeUInt32BE(payload.length, 0);
  head.writeUInt32BE(crc32(payload), 4);
  return head;
}

/** Calls `visit` with each whole record; returns where the first that is not whole begins. */
function scan(bytes: Buffer, visit: (payload: Buffer, position: number) => void): number {
  let at = 0;
  while (at + FRAME_BYTES <= bytes.length) {
    const start = at + FRAME_BYTES;
    const end = start + bytes.readUInt32BE(at);
    const payload = bytes.subarray(start, end);
    if (end > bytes.length || crc32(payload) !== bytes.readUInt32BE(at + 4)) break;
    visit(payload, start);
    at = end;
  }
  return at;
}

export class SegmentLog {
  readonly #options: LogOptions;
  readonly #segments: Segment[] = [];
  /** The file may hold bytes beyond what is acknowledged, and could not be cut. */
  #isBroken = false;

  private constructor(options: LogOptions) {
    this.#options = options;
  }

  /**
   * Opens the log and gives every record it holds, oldest first.
   * @throws when a file before the last one is damaged: acknowledged records would be lost unseen
   */
  static async open(
    options: LogOptions,
    visit: (payload: Buffer, place: Omit<RecordPlace, 'length'>) => void,
  ): Promise<SegmentLog> {
    const log = new SegmentLog(options);
    mkdirSync(options.dir, { recursive: true });
    const numbers = readdirSync(options.dir).flatMap((name) => NAME.exec(name)?.[1] ?? []);
    for (const [index, number] of numbers.sort().entries()) {
      const path = join(options.dir, nameOf(Number(number)));
      const bytes = readFileSync(path);
      const segment = await log.#addSegment(Number(number));
      segment.bytes = scan(bytes, (payload, position) => visit(payload, { segment, position }));
      if (segment.bytes === bytes.length) continue;
      if (index < numbers.length - 1)
        throw new Error(`${path} is damaged at byte ${segment.bytes}; move it away to start without its events`);
      truncateSync(path, segment.bytes);
    }
    if (log.#segments.length === 0) await log.#addSegment(1);
    return log;
  }

  /** The next record belongs into a new file. */
  get isFull(): boolean {
    return (this.#segments.at(-1)?.bytes ?? 0) >= this.#options.segmentBytes;
  }

  /** Begins a new file. */
  async rotate(): Promise<void> {
    await this.#addSegment((this.#segments.at(-1)?.number ?? 0) + 1);
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Files that are full, oldest first. */
  get full(): readonly Segment[] {
    return this.#segments.slice(0, -1);
  }

  async #addSegment(number: number): Promise<Segment> {
    const path = join(this.#options.dir, nameOf(number));
    const segment = { path, number, handle: await open(path, 'a+'), bytes: 0, newestMs: 0, isDropped: false };
    this.#segments.push(segment);
    // The name of a file is on the disk only when its folder is.
    const folder = await open(this.#options.dir);
    await folder.sync().finally(() => folder.close());
    return segment;
  }

  /**
   * Resolves when all records are on the disk.
   * @throws when they are not; none of them will be there after a restart either
   */
  async append(payloads: readonly Buffer[]): Promise<RecordPlace[]> {
    if (this.#isBroken) throw new Error('the log could not be repaired after a failed write; start anew');
    const segment = this.#segments.at(-1);
    if (!segment) throw new Error('the log is closed');
    const places: RecordPlace[] = [];
    let end = segment.bytes;
    for (const { length } of payloads) {
      places.push({ segment, position: end + FRAME_BYTES, length });
      end += FRAME_BYTES + length;
    }
    const block = Buffer.concat(payloads.flatMap((payload) => [frame(payload), payload]));
    try {
      for (let written = 0; written < block.length;)
        written += (await segment.handle.write(block, written)).bytesWritten;
      await segment.handle.datasync();
    } catch (error) {
      await segment.handle.truncate(segment.bytes).catch(() => {
        this.#isBroken = true;
      });
      throw error;
    }
    segment.bytes = end;
    return places;
  }

  /** Undefined when its file has been dropped meanwhile. */
  async read({ segment, position, length }: RecordPlace): Promise<Buffer | undefined> {
    if (segment.isDropped) return undefined;
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await segment.handle.read(buffer, 0, length, position).catch(() => ({ bytesRead: 0 }));
    if (bytesRead === length) return buffer;
    if (segment.isDropped) return undefined;
    throw new Error(`${segment.path} could not be read at byte ${position}`);
  }

  /** Deletes a file; harmless when it is gone already. */
  async drop(segment: Segment): Promise<void> {
    const index = this.#segments.indexOf(segment);
    if (index === -1) return;
    this.#segments.splice(index, 1);
    segment.isDropped = true;
    await segment.handle.close();
    await unlink(segment.path);
  }

  async close(): Promise<void> {
    await Promise.all(this.#segments.map(({ handle }) => handle.close()));
  }
}
