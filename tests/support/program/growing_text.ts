/**
 * Deno's own, not the program's: it says so where hundreds of processes use its cache at once, as some tests make them.
 */
const NOTE_OF_DENO = /^Failed to open cache file '.*', .*\r?\n/gm;

/** The text of a stream while it comes in. */
export class GrowingText {
  /** All of it but Deno's own notes, once the stream has ended. */
  readonly whole: Promise<string>;
  #text = "";
  #isWhole = false;
  #changed = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.whole = this.#read(stream);
  }

  /** Waits until the text has a match for `pattern`. @throws {Error} When the stream ends without one. */
  async match(pattern: RegExp): Promise<RegExpMatchArray> {
    while (true) {
      const match = this.#text.match(pattern);
      if (match !== null) return match;
      if (this.#isWhole) throw new Error(`The program ended without saying ${pattern}:\n${this.#text}`);
      await this.#changed.promise;
    }
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<string> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#text += decoder.decode(chunk, { stream: true });
      this.#wake();
    }
    this.#isWhole = true;
    this.#wake();
    return this.#text.replaceAll(NOTE_OF_DENO, "");
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
