package dev.stoa.platform.certificate;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/**
 * What a certificate says of itself, without its key.
 *
 * @param issuer for people
 */
public record CertificateFacts(String issuer, Instant notBefore, Instant expiresAt) {

    /** Of the first one of a chain in PEM form. */
    public static CertificateFacts of(String chainPem) {
        X509Certificate leaf = Pem.certificates(chainPem).getFirst();
        return new CertificateFacts(
                CertificateChain.name(leaf.getIssuerX500Principal().getName()),
                leaf.getNotBefore().toInstant(),
                leaf.getNotAfter().toInstant());
    }

    /** When it should be replaced: at two thirds of its life. */
    public Instant renewAt() {
        return notBefore.plus(
                Duration.between(notBefore, expiresAt).multipliedBy(2).dividedBy(3));
    }
}
