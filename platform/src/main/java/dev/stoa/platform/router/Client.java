package dev.stoa.platform.router;

import io.netty.util.AsciiString;
import java.net.InetAddress;

/**
 * Who asked, as an exchange sees it: a connection that speaks HTTP/1.1, or one stream of a connection that speaks HTTP/2.
 * What is written are the parts of an answer, as HTTP/1.1 has them, or bytes in a tunnel; everything happens on the event
 * loop of the lane.
 */
interface Client {
    Caller caller();

    default InetAddress address() {
        return caller().address();
    }

    /** The part of the route table that it knows. */
    String realm();

    /** Whether what it sends is encrypted on its way here. */
    boolean secure();

    /** What the Via header says of it. */
    AsciiString via();

    /** Whether the request asks for a tunnel so that any success would be taken for one, as CONNECT does. */
    boolean nothingButTunnel();

    /** Takes the message over, and its reference count. */
    void write(Object message);

    void flush();

    /** Until it is taken back, the client cannot send more than it has been granted. */
    void pauseReading(boolean paused);

    /** From here on what is written are bytes. */
    void dropEncoder();

    /** From here on what is read are bytes, beginning with those that have come already. */
    void dropDecoder();

    /** The exchange is over; what is written goes out, and the next one may begin on the same connection if it is kept alive. */
    void exchangeOver(boolean keepAlive);

    /** As {@link #exchangeOver}, for a client whose last bytes may still be on their way here. */
    default void tunnelOver() {
        exchangeOver(false);
    }

    /** Cuts it off, so that the client sees that something is missing. */
    void abort();
}
