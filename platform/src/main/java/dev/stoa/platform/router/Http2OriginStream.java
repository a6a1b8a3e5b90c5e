package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** One request to an instance that speaks HTTP/2. */
final class Http2OriginStream extends Http2Message implements Origin {
    private final Http2OriginConnection connection;
    private final boolean used;
    private @Nullable Exchange exchange;
    private @Nullable WebSocketHandshake handshake;
    private boolean toHead;
    private boolean tunnelOpen;
    private boolean answered;

    /** The head promised a body, and nothing of it has come. */
    private boolean bodyOwed;

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
        if (tunnelOpen) {
            tunnelEnded(current);
            return;
        }
        if (answered) {
            DefaultLastHttpContent end = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
            Http2Heads.trailers(headers, end.trailingHeaders());
            current.responseBody(checked(end));
            return;
        }
        HttpResponse response = Http2Heads.answer(headers);
        bodyOwed = promisesBody(response);
        if (bodyOwed && last) {
            malformed();
            return;
        }
        if (handshake != null && response.status().codeClass() == HttpStatusClass.SUCCESS) {
            openTunnel(current, handshake.accepted(response), last);
            return;
        }
        boolean interim = response.status().code() < 200;
        answered = !interim;
        current.responseHead(response);
        if ((interim || last) && exchange != null) {
            exchange.responseBody(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }

    private void openTunnel(Exchange current, HttpResponse switching, boolean last) {
        tunnelOpen = true;
        current.responseHead(switching);
        if (exchange != null) {
            exchange.responseBody(LastHttpContent.EMPTY_LAST_CONTENT);
        }
        if (last && exchange != null) {
            tunnelEnded(exchange);
        }
    }

    /** As if a connection of HTTP/1.1 had been closed. */
    private void tunnelEnded(Exchange current) {
        sendEnd();
        connection.flushSoon();
        end();
        current.upstreamClosed();
    }

    @Override
    void trailers(Http2Headers trailers) {
        headers(trailers, true);
    }

    @Override
    void take(ByteBuf bytes, boolean last) {
        Exchange current = exchange;
        if (current == null) {
            return;
        }
        if (tunnelOpen) {
            current.tunnelToClient(bytes.retain());
            if (last && exchange != null) {
                tunnelEnded(current);
            }
        } else if (answered) {
            bodyOwed &= !bytes.isReadable();
            current.responseBody(last && bodyOwed ? checked(new DefaultLastHttpContent()) : part(bytes, last));
        } else {
            malformed();
        }
    }

    /** Netty lets through what has a length and no body at all, as it does not know whether it is the answer to a HEAD. */
    private boolean promisesBody(HttpResponse response) {
        int code = response.status().code();
        return !toHead
                && code >= HttpResponseStatus.OK.code()
                && code != HttpResponseStatus.NOT_MODIFIED.code()
                && !AnswerHead.isBodyless(code)
                && response.headers().contains(HttpHeaderNames.CONTENT_LENGTH)
                && !response.headers().contains(HttpHeaderNames.CONTENT_LENGTH, HttpHeaderValues.ZERO, false);
    }

    private HttpContent checked(HttpContent end) {
        if (bodyOwed) {
            end.setDecoderResult(DecoderResult.failure(new IllegalStateException("a length without a body")));
        }
        return end;
    }

    /** What came is not an answer. Whether there was still somebody to tell. */
    boolean malformed() {
        if (exchange == null || answered || tunnelOpen) {
            return false;
        }
        exchange.responseHead(Http2Heads.refused(new IllegalStateException("not an answer")));
        return true;
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
        toHead = request.method().equals(HttpMethod.HEAD);
        handshake = WebSocketHandshake.asked(request);
        Throwable failed = connection.failure();
        if (failed == null && handshake != null) {
            failed = !handshake.isSound()
                    ? new WebSocketHandshake.NoKey()
                    : connection.takesTunnels() ? null : new WebSocketHandshake.NotTaken();
        }
        if (failed != null) {
            refuse(failed);
        } else {
            write(request);
        }
    }

    /** Not now: whoever began is in the middle of it. */
    private void refuse(Throwable why) {
        connection.context().channel().eventLoop().execute(() -> {
            if (exchange != null) {
                exchange.responseHead(Http2Heads.refused(why));
            }
        });
    }

    @Override
    public void write(Object message) {
        switch (message) {
            case HttpRequest request ->
                sendHead(handshake == null ? Http2Heads.request(request) : Http2Heads.tunnel(request), false);
            // The stream stays open for what goes through the tunnel.
            case HttpContent part when handshake != null -> part.release();
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
        if (!sent() || !received() || isOnItsWay()) {
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
