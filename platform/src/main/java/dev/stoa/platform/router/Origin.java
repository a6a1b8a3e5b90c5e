package dev.stoa.platform.router;

import io.netty.handler.codec.http.HttpRequest;

/**
 * Who answers, as an exchange sees it: a connection to an instance that speaks HTTP/1.1, or one stream of a connection
 * that speaks HTTP/2. It hands the parts of the answer to the exchange that began on it, until either side ends it.
 */
interface Origin {
    Backend backend();

    /** Whether its connection served before, so that the instance may have closed it without our knowing. */
    boolean used();

    /** Whether it takes more without piling it up; the exchange is told of every change. */
    boolean isWritable();

    void begin(Exchange exchange, HttpRequest request);

    /** Takes the message over, and its reference count. */
    void write(Object message);

    void flush();

    void pauseReading(boolean paused);

    /** From here on what is written are bytes. */
    void dropEncoder();

    /** From here on what is read are bytes, beginning with those that have come already. */
    void dropDecoder();

    /** In a tunnel: the client sends nothing more, and may still receive. */
    void endOutput();

    /** The exchange is over, and all of the request and the answer went through: others may use the connection. */
    void give(long nowNanos);

    /** Ends it in the middle, without a word to its exchange. */
    void close();
}
