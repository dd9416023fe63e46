export function encodeHex(src: string | Uint8Array | ArrayBuffer): string;
export function decodeHex(text: string): Uint8Array<ArrayBuffer>;
