// The part of node-forge 1.4 that the program and its tests use. The package has no types.

export interface BigInteger {
  equals(other: BigInteger): boolean;
}

/** An RSA key, public or private. */
export interface RsaKey {
  /** The modulus. */
  readonly n: BigInteger;
  /** The public exponent. */
  readonly e: BigInteger;
}

/** A certificate with an RSA key. */
export interface Certificate {
  readonly validity: { readonly notBefore: Date; readonly notAfter: Date };
  readonly publicKey: RsaKey;
}

export interface Asn1 {
  readonly type: number;
}

/** An entry of a PFX file. */
export interface Bag {
  /** A private RSA key. */
  readonly key?: RsaKey | null;
  /** A certificate with an RSA key. */
  readonly cert?: Certificate | null;
  /** The whole entry. */
  readonly asn1: Asn1;
}

/** An opened PFX file. */
export interface Pfx {
  /** Returns the entries by their type. */
  getBags(filter: { bagType: string }): Record<string, Bag[] | undefined>;
}

/** Bytes are strings with one character each. Errors may quote the input. */
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
