package dev.stoa.platform.router;

import java.util.Set;
import java.util.random.RandomGenerator;

/** Who asks for a backend: a request, with what it has been through. */
interface Claimant {
    /** Backends that this request has tried in vain, and will not get again. */
    Set<Backend> tried();

    /** The mark of the instance that its client is to stay with, see {@link Sticky}; empty: of none. */
    String mark();

    /** One that no other thread has at this moment. */
    RandomGenerator random();
}
