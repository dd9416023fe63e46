export interface AesGcmOptions {
  additionalData?: BufferSource;
}

export function encryptAesGcm(
  key: CryptoKey,
  plaintext: BufferSource,
  options?: AesGcmOptions,
): Promise<Uint8Array<ArrayBuffer>>;
export function decryptAesGcm(
  key: CryptoKey,
  data: BufferSource,
  options?: AesGcmOptions,
): Promise<Uint8Array<ArrayBuffer>>;
