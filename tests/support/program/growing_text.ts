/** A note of Deno itself, printed when hundreds of processes use its cache at once. */
const NOTE_OF_DENO = /^Failed to open cache file '.*', .*\r?\n/gm;

/** The text of a stream as it arrives. */
export class GrowingText {
  /** Resolves with the whole text, without notes of Deno, when the stream has ended. */
  readonly whole: Promise<string>;
  #text = "";
  #isWhole = false;
  #changed = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.whole = this.#read(stream);
  }

  /** Waits until the text matches `pattern`. @throws {Error} If the stream ends without a match. */
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
