package dev.stoa.api;

/**
 * What a router shows to clients that ask for a host over TLS. It holds a private key: only routers are told.
 *
 * @param host  empty: for clients that name none
 * @param chain PEM: the host's certificate first, then those of its issuers
 * @param key   PEM, of the first
 */
public record Identity(String host, String chain, String key) {
    /** Says nothing of the key. */
    @Override
    public String toString() {
        return "Identity[" + host + "]";
    }
}
