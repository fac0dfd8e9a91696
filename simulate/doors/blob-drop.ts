import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import type { Summary } from '../books.ts';
import type { AcmeLine } from './acme-lines.ts';

const compress = promisify(gzip);
const TELEMETRY_CONTAINER = 'telemetry';
/** Lines in one blob. */
const LINES_PER_BLOB = 5000;

const folderOf = (at: number): string => `acme/${new Date(at).toISOString().slice(0, 10).replaceAll('-', '/')}`;

/**
 * Drops ACME lines as gzip NDJSON into `telemetry/acme/<day>/`. Names come from the run and the lines' place in it, so that the
 * same run writes the same blobs again instead of new ones.
 */
export class BlobDrop {
  readonly #container: ContainerClient;
  readonly #summary: Summary;
  readonly #run: string;
  #lines: AcmeLine[] = [];
  #folder = '';
  #number = 0;
  #exists: Promise<unknown> | undefined;

  constructor(connectionString: string, run: string, summary: Summary) {
    this.#container = BlobServiceClient.fromConnectionString(connectionString, {
      retryOptions: { maxTries: 6 },
    }).getContainerClient(TELEMETRY_CONTAINER);
    this.#run = run;
    this.#summary = summary;
  }

  /** @throws when the storage cannot be reached. */
  async open(): Promise<void> {
    this.#exists ??= this.#container.createIfNotExists();
    await this.#exists;
  }

  /** Takes lines in the order of their time; a new day or a full blob uploads what is gathered. */
  async add(line: AcmeLine): Promise<void> {
    const folder = folderOf(line.at);
    if (folder !== this.#folder || this.#lines.length >= LINES_PER_BLOB) await this.flush();
    this.#folder = folder;
    this.#lines.push(line);
  }

  async flush(): Promise<void> {
    const lines = this.#lines;
    if (lines.length === 0) return;
    this.#lines = [];
    await this.open();
    const name = `${this.#folder}/${this.#run}-${String(this.#number++).padStart(4, '0')}.ndjson.gz`;
    const body = await compress(lines.map(({ text }) => `${text}\n`).join(''));
    const blobHTTPHeaders = { blobContentType: 'application/x-ndjson' };
    await this.#container.getBlockBlobClient(name).upload(body, body.length, { blobHTTPHeaders });
    this.#summary.blobs++;
    this.#summary.blobLines += lines.length;
  }
}
