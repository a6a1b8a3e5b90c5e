package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** One request to an instance that speaks HTTP/2. */
final class Http2OriginStream extends Http2Message implements Origin {
    private final Http2OriginConnection connection;
    private final boolean used;
    private @Nullable Exchange exchange;
    private boolean answered;
    private boolean over;

    /** @param used whether the connection served others before */
    Http2OriginStream(Http2OriginConnection connection, boolean used) {
        super(connection);
        this.connection = connection;
        this.used = used;
    }

    void headers(Http2Headers headers, boolean last) {
        if (last) {
            wasReceived();
        }
        Exchange current = exchange;
        if (current == null) {
            return;
        }
        connection.touched(this);
        if (answered) {
            DefaultLastHttpContent end = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
            Http2Heads.trailers(headers, end.trailingHeaders());
            current.responseBody(end);
            return;
        }
        HttpResponse response = Http2Heads.answer(headers);
        boolean interim = response.status().code() < 200;
        answered = !interim;
        current.responseHead(response);
        if ((interim || last) && exchange != null) {
            exchange.responseBody(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }

    @Override
    void trailers(Http2Headers trailers) {
        headers(trailers, true);
    }

    @Override
    void take(ByteBuf bytes, boolean last) {
        if (exchange == null) {
            return;
        }
        if (answered) {
            exchange.responseBody(part(bytes, last));
        } else {
            exchange.responseHead(Http2Heads.refused(new IllegalStateException("a body without a head")));
        }
    }

    @Override
    void handedOn() {
        if (exchange != null) {
            exchange.flushToClient();
        }
    }

    @Override
    void writable(boolean writable) {
        if (exchange != null) {
            exchange.upstreamWritable(writable);
        }
    }

    @Override
    void gone() {
        Exchange current = exchange;
        end();
        if (current != null) {
            current.upstreamClosed();
        }
    }

    @Override
    void open() {
        if (!connection.open(this)) {
            // Not now: whoever writes is in the middle of it.
            connection.context().channel().eventLoop().execute(this::streamClosed);
        }
    }

    @Override
    boolean resetsAfterEnd() {
        return false;
    }

    // What the exchange wants.

    @Override
    public Backend backend() {
        return connection.backend();
    }

    @Override
    public boolean used() {
        return used;
    }

    @Override
    public boolean isWritable() {
        return !backlogged();
    }

    @Override
    public void begin(Exchange exchange, HttpRequest request) {
        this.exchange = exchange;
        Throwable failed = connection.failure();
        if (failed != null) {
            connection.context().channel().eventLoop().execute(() -> {
                if (this.exchange != null) {
                    exchange.responseHead(Http2Heads.refused(failed));
                }
            });
        } else {
            write(request);
        }
    }

    @Override
    public void write(Object message) {
        switch (message) {
            case HttpRequest request -> sendHead(Http2Heads.request(request), false);
            case HttpContent part -> sendPart(part);
            default -> sendBytes((ByteBuf) message, false);
        }
    }

    @Override
    public void flush() {
        sendHeldHead();
        connection.flushSoon();
    }

    @Override
    public void pauseReading(boolean paused) {
        pause(paused);
    }

    @Override
    public void dropEncoder() {}

    @Override
    public void dropDecoder() {}

    @Override
    public void endOutput() {
        sendEnd();
        connection.flushSoon();
    }

    @Override
    public void give(long nowNanos) {
        close();
    }

    @Override
    public void close() {
        exchange = null;
        pause(false);
        if (!sent() || !received()) {
            reset(Http2Error.CANCEL);
        }
        end();
    }

    private void end() {
        exchange = null;
        if (!over) {
            over = true;
            connection.streamOver();
        }
    }
}
