// The web `Request` behind an `HttpRequest` of `@azure/functions`, made when somebody asks for more than its bytes and headers.
// The library takes one ready-made (it does so itself where HTTP streaming is on); building it costs as much as parsing the body,
// and leaves a stream, a signal and two copies of the body for the garbage collector, of which a function that reads bytes needs none.

interface RequestParts {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: the request has no body. Handed on without a copy. */
  readonly body: Buffer | undefined;
}

/** What the library reads of a `Request`. A body can be read once, by one method, as the standard says. */
export class LazyRequest {
  readonly #parts: RequestParts;
  #headers: Headers | undefined;
  #native: Request | undefined;
  #isUsed = false;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  /** The real one; from here on it has the body. */
  get #request(): Request {
    const { url, method, body } = this.#parts;
    this.#native ??= new Request(url, { method, headers: this.headers, ...(body && { body }) });
    return this.#native;
  }

  get url(): string {
    return new URL(this.#parts.url).href;
  }

  get method(): string {
    return this.#parts.method;
  }

  get headers(): Headers {
    return (this.#headers ??= new Headers(this.#parts.headers));
  }

  get body(): ReadableStream | null {
    return this.#afterUse().body;
  }

  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? this.#isUsed;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const { body } = this.#parts;
    if (this.#native || this.#isUsed) return await this.#afterUse().arrayBuffer();
    if (!body) return new ArrayBuffer(0);
    this.#isUsed = true;
    const { buffer, byteLength } = body;
    return buffer instanceof ArrayBuffer && byteLength === buffer.byteLength ? buffer : new Uint8Array(body).buffer;
  }

  async blob(): Promise<Blob> {
    return await this.#afterUse().blob();
  }

  async formData(): Promise<FormData> {
    return await this.#afterUse().formData();
  }

  async json(): Promise<unknown> {
    return await this.#afterUse().json();
  }

  async text(): Promise<string> {
    return await this.#afterUse().text();
  }

  clone(): Request {
    return this.#afterUse().clone();
  }

  /** The real one in the state in which this one is: a body that was read here is read there too. */
  #afterUse(): Request {
    const isFresh = this.#native === undefined;
    const request = this.#request;
    // Reading marks it at once; what is read is of no interest.
    if (isFresh && this.#isUsed) void request.arrayBuffer();
    return request;
  }
}
