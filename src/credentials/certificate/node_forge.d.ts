// The part of node-forge 1.4 that the program and its tests use. The package has no types.

/** An RSA key. */
export interface RsaKey {
  /** The modulus. */
  readonly n: unknown;
}

/** A certificate with an RSA key. */
export interface Certificate {
  readonly publicKey: RsaKey;
}

export interface Asn1 {
  readonly type: number;
  /** Bytes, or the elements of a constructed value. */
  value: string | Asn1[];
}

/** A growing buffer. */
export interface ByteBuffer {
  getBytes(): string;
}

/** A cipher in CBC mode. */
export interface Cipher {
  start(iv: string): void;
  update(input: ByteBuffer): void;
  /** Returns false if the padding is invalid. */
  finish(): boolean;
  readonly output: ByteBuffer;
}

export interface Hash {
  readonly digestLength: number;
  readonly blockLength: number;
  start(): Hash;
  update(bytes: string): Hash;
  digest(): ByteBuffer;
}

/** Bytes are strings with one character each. Errors may quote the input. */
declare const forge: {
  readonly asn1: {
    readonly Type: { readonly INTEGER: number; readonly OID: number; readonly SEQUENCE: number };
    derToOid(bytes: string): string;
    fromDer(der: string): Asn1;
    toDer(structure: Asn1): ByteBuffer;
  };
  readonly des: { createDecryptionCipher(key: string): Cipher };
  readonly md: Readonly<Record<string, { create(): Hash } | undefined>>;
  readonly pkcs12: {
    toPkcs12Asn1(
      key: RsaKey,
      certificates: readonly Certificate[],
      password: string,
      options: { algorithm: "3des" | "aes256" },
    ): Asn1;
  };
  readonly pki: {
    /** Names by identifier, and identifiers by name. */
    readonly oids: Readonly<Record<string, string | undefined>>;
    readonly pbe: {
      generatePkcs12Key(
        password: string | null,
        salt: ByteBuffer,
        id: number,
        iterations: number,
        bytes: number,
        hash: Hash,
      ): ByteBuffer;
    };
    certificateFromPem(pem: string): Certificate;
    decryptRsaPrivateKey(pem: string, password: string): RsaKey | null;
    encryptRsaPrivateKey(
      key: RsaKey,
      password: string,
      options: { legacy: boolean; algorithm: "aes256" },
    ): string;
    privateKeyFromPem(pem: string): RsaKey;
    privateKeyToAsn1(key: RsaKey): Asn1;
    privateKeyToPem(key: RsaKey): string;
  };
  readonly rc2: { createDecryptionCipher(key: string, effectiveBits: number): Cipher };
  readonly util: {
    readonly binary: { readonly raw: { encode(bytes: Uint8Array): string } };
    createBuffer(bytes: string): ByteBuffer;
    decode64(text: string): string;
    encodeUtf8(text: string): string;
  };
};

export default forge;
