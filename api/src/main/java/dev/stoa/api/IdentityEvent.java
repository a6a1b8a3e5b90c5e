package dev.stoa.api;

import java.util.List;
import java.util.Map;

/**
 * A line of the watch by which routers in other processes learn what concerns certificates. Each line tells all there is.
 *
 * @param version counts the lines; whoever has done what one says, says so
 * @param domain  a client that names a host below it is greeted, whether or not an app is there
 * @param edition identities that were told under another one may have changed
 * @param answers to authorities that look at {@code /.well-known/acme-challenge/TOKEN}, by token
 * @param proofs  what authorities are shown that ask by the protocol acme-tls/1
 */
public record IdentityEvent(
        long version, String domain, String edition, Map<String, String> answers, List<Identity> proofs) {
    /**
     * What a router says of a line of this watch.
     *
     * @param version of the line that it has acted upon
     */
    public record Done(long version) {}

    public IdentityEvent {
        answers = Map.copyOf(answers);
        proofs = List.copyOf(proofs);
    }
}
