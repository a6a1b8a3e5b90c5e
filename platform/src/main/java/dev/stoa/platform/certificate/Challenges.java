package dev.stoa.platform.certificate;

/** Where the proofs that a host is ours are shown to an authority that looks. */
public interface Challenges {
    /** Answers {@code http://HOST/.well-known/acme-challenge/TOKEN}, until {@link #withdraw} (RFC 8555, 8.3). */
    void answer(String token, String authorization);

    /** Shows a certificate to those who ask for the host by the protocol acme-tls/1, until {@link #withdraw} (RFC 8737). */
    void show(String host, CertificateChain proof);

    /** Shows and answers no more; does nothing where there is none. */
    void withdraw(String token, String host);
}
