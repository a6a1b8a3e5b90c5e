package dev.stoa.platform.router;

import io.netty.handler.codec.http.FullHttpResponse;

/** What the edge says about a request before anybody answers it. */
sealed interface Verdict {
    /** It goes on to the app. */
    record Go() implements Verdict {
        static final Go ON = new Go();
    }

    /** It waits for what another request is to bring, and looks again then. */
    record Wait() implements Verdict {
        static final Wait ON = new Wait();
    }

    record Refused(Failure failure) implements Verdict {}

    /** There is an answer already. */
    record Answered(FullHttpResponse response) implements Verdict {}
}
