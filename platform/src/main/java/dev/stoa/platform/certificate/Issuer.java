package dev.stoa.platform.certificate;

import dev.stoa.api.StoaException;

/** Somebody who gives certificates that the world trusts. */
@FunctionalInterface
public interface Issuer {
    /**
     * Gets a certificate for a host; blocks, for seconds or minutes.
     *
     * @throws StoaException if it is refused, or nobody answers
     */
    CertificateChain issue(String host) throws InterruptedException;
}
