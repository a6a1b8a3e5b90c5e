package dev.stoa.api;

/**
 * The platform's own certificate authority, for names that no other one gives certificates for.
 *
 * @param file        where its certificate stands on the platform's machine
 * @param certificate in PEM form
 * @param fingerprint SHA-256
 */
public record CertificateAuthority(String file, String certificate, String fingerprint) {}
