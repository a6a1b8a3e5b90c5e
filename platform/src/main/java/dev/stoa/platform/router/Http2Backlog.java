package dev.stoa.platform.router;

import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.StreamByteDistributor;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;

/**
 * Shares what the other side takes among the streams alike, and tells each when too much of its own waits. Netty would tell
 * all streams to stop as soon as those that wait fill the window of the connection, though they wait for windows of their own:
 * one stalled download would stop every other.
 */
final class Http2Backlog implements StreamByteDistributor {
    /** What Netty allows a channel by default. */
    private static final int BYTES_MAX = 64 * 1024;

    private static final int BYTES_RESUME = 32 * 1024;

    private final UniformStreamByteDistributor streams;
    private final Http2Connection.PropertyKey messages;

    Http2Backlog(Http2Connection connection, Http2Connection.PropertyKey messages) {
        this.streams = new UniformStreamByteDistributor(connection);
        this.messages = messages;
    }

    @Override
    public void updateStreamableBytes(StreamState state) {
        streams.updateStreamableBytes(state);
        Http2Stream stream = state.stream();
        Http2Message message = stream.getProperty(messages);
        if (message == null) {
            return;
        }
        long waiting = state.pendingBytes();
        if (message.backlogged() ? waiting <= BYTES_RESUME : waiting > BYTES_MAX) {
            message.backlogged(!message.backlogged());
        }
    }

    @Override
    public void updateDependencyTree(int child, int parent, short weight, boolean exclusive) {
        // RFC 9113 did away with priorities.
    }

    @Override
    public boolean distribute(int bytesMax, Writer writer) throws Http2Exception {
        return streams.distribute(bytesMax, writer);
    }
}
