/**
 * Finds the end of an HTTP/1.1 answer in the bytes that the server sends. Deno's own server leaves a connection open
 * after an answer that says `Connection: close` (seen in 2.9.6), so the end of the bytes doesn't tell.
 */
export class ResponseEnd {
  /** How many bytes the body of the answer has, known before the first byte comes. */
  bodyLength: number | null = null;
  #head = "";
  #bodySeen: number | null = null;

  /** Takes what was sent next, and tells whether the answer is whole now. */
  add(bytes: Uint8Array): boolean {
    if (this.#bodySeen === null) this.#bodySeen = this.#takeHead(bytes);
    else this.#bodySeen += bytes.length;
    return this.#bodySeen !== null && this.bodyLength !== null && this.#bodySeen >= this.bodyLength;
  }

  /** How many bytes follow the head; null while it isn't whole. */
  #takeHead(bytes: Uint8Array): number | null {
    // One character a byte, whatever it stands for.
    this.#head += new TextDecoder("latin1").decode(bytes);
    for (;;) {
      const end = this.#head.indexOf("\r\n\r\n");
      if (end === -1) return null;
      const rest = this.#head.slice(end + 4);
      // "100 Continue" (RFC 9110 section 15.2) announces the answer and is none.
      if (!/^HTTP\/1\.1 1\d\d /.test(this.#head)) return rest.length;
      this.#head = rest;
    }
  }
}
