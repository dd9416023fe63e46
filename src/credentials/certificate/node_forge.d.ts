// What the program and its tests use of node-forge 1.4, which brings no types.

/** A big integer. */
export interface BigInteger {
  /** Whether both are the same number. */
  equals(other: BigInteger): boolean;
}

/** An RSA key, as far as both halves have it. */
export interface RsaKey {
  /** The modulus. */
  readonly n: BigInteger;
  /** The public exponent. */
  readonly e: BigInteger;
}

/** A certificate with an RSA key. */
export interface Certificate {
  /** From when until when it counts. */
  readonly validity: { readonly notBefore: Date; readonly notAfter: Date };
  /** The key that it is about. */
  readonly publicKey: RsaKey;
}

/** A structure of ASN.1. */
export interface Asn1 {
  /** Its tag. */
  readonly type: number;
}

/** Something in a PFX file. */
export interface Bag {
  /** A private key, where it is RSA. */
  readonly key?: RsaKey | null;
  /** A certificate, where its key is RSA. */
  readonly cert?: Certificate | null;
  /** All of it. */
  readonly asn1: Asn1;
}

/** An opened PFX file. */
export interface Pfx {
  /** What there is of one type, under that. */
  getBags(filter: { bagType: string }): Record<string, Bag[] | undefined>;
}

/** The library. Bytes are strings, a character for each. It throws `Error`s that may quote what they are about. */
declare const forge: {
  readonly asn1: {
    fromDer(der: string): Asn1;
    toDer(structure: Asn1): { getBytes(): string };
  };
  readonly pkcs12: {
    pkcs12FromAsn1(structure: Asn1, password: string): Pfx;
    toPkcs12Asn1(
      key: RsaKey,
      certificates: readonly Certificate[],
      password: string,
      options: { algorithm: "3des" | "aes256" },
    ): Asn1;
  };
  readonly pki: {
    readonly oids: Readonly<Record<"certBag" | "keyBag" | "pkcs8ShroudedKeyBag", string>>;
    certificateFromPem(pem: string): Certificate;
    certificateToAsn1(certificate: Certificate): Asn1;
    decryptRsaPrivateKey(pem: string, password: string): RsaKey | null;
    encryptRsaPrivateKey(
      key: RsaKey,
      password: string,
      options: { legacy: boolean; algorithm: "aes256" },
    ): string;
    privateKeyFromPem(pem: string): RsaKey;
    privateKeyInfoToPem(wrapped: Asn1): string;
    privateKeyToAsn1(key: RsaKey): Asn1;
    privateKeyToPem(key: RsaKey): string;
    wrapRsaPrivateKey(key: Asn1): Asn1;
  };
};

export default forge;
