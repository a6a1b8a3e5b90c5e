package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** One request of a client that speaks HTTP/2. */
final class Http2ClientStream extends Http2Message implements Client {
    private static final AsciiString VIA = AsciiString.cached("2.0 stoa");

    private final Http2ClientConnection connection;
    private @Nullable Exchange exchange;

    /** What the client sent into a tunnel that is not open yet; never more than the window of its stream. */
    private @Nullable Queue<ByteBuf> early;

    private boolean toHead;
    private boolean tunnelAsked;
    private boolean tunnelOpen;
    private boolean interim;
    private long overSinceNanos;

    Http2ClientStream(Http2ClientConnection connection) {
        super(connection);
        this.connection = connection;
    }

    void begin(Http2Headers headers, boolean last) {
        tunnelAsked = Http2Heads.asksForTunnel(headers);
        HttpRequest request =
                Http2Heads.request(headers, last, () -> connection.lane().nextWebSocketKey());
        toHead = request.method().equals(HttpMethod.HEAD);
        if (last) {
            wasReceived();
        }
        Exchange next = new Exchange(connection.lane(), this, request);
        exchange = next;
        pauseReading(false);
        next.begin();
        if (exchange != null && (last || tunnelAsked)) {
            exchange.requestBody(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }

    @Override
    void take(ByteBuf bytes, boolean last) {
        Exchange current = exchange;
        if (current == null) {
            return;
        }
        if (!tunnelAsked) {
            current.requestBody(part(bytes, last));
            return;
        }
        if (tunnelOpen) {
            current.tunnelToUpstream(bytes.retain());
        } else {
            if (early == null) {
                early = new ArrayDeque<>();
            }
            early.add(bytes.retain());
        }
        if (last && tunnelOpen) {
            current.clientEnded();
        }
    }

    @Override
    void trailers(Http2Headers trailers) {
        wasReceived();
        if (exchange == null) {
            return;
        }
        if (tunnelAsked) {
            take(Unpooled.EMPTY_BUFFER, true);
            return;
        }
        DefaultLastHttpContent last = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
        Http2Heads.trailers(trailers, last.trailingHeaders());
        exchange.requestBody(last);
    }

    @Override
    void handedOn() {
        if (exchange != null) {
            exchange.flushToUpstream();
        }
    }

    @Override
    void writable(boolean writable) {
        if (exchange != null) {
            exchange.clientWritable(writable);
        }
    }

    @Override
    void gone() {
        releaseEarly();
        if (exchange != null && !sent()) {
            Exchange current = exchange;
            forget();
            current.clientGone();
        }
    }

    void tick(long nowNanos) {
        if (exchange != null) {
            exchange.tick(nowNanos);
        } else if (nowNanos - overSinceNanos
                > connection.lane().config().times().idle().toNanos()) {
            // The answer waits for a window that does not come.
            reset(Http2Error.CANCEL);
        }
    }

    void goAway() {
        if (exchange != null) {
            exchange.goAway();
        }
    }

    // What the exchange wants.

    @Override
    public Caller caller() {
        return connection.caller();
    }

    @Override
    public String realm() {
        return connection.realm();
    }

    @Override
    public boolean secure() {
        return connection.secure();
    }

    @Override
    public AsciiString via() {
        return VIA;
    }

    @Override
    public boolean nothingButTunnel() {
        return tunnelAsked;
    }

    @Override
    public void write(Object message) {
        switch (message) {
            case HttpResponse response -> head(response);
            case HttpContent part -> {
                if (interim) {
                    part.release();
                    interim = !(part instanceof LastHttpContent);
                } else {
                    sendPart(part);
                }
            }
            default -> sendBytes((ByteBuf) message, false);
        }
    }

    private void head(HttpResponse response) {
        int code = response.status().code();
        if (code == HttpResponseStatus.SWITCHING_PROTOCOLS.code()) {
            sendHead(Http2Heads.tunnelOpened(response), false);
            interim = true;
        } else if (code < HttpResponseStatus.OK.code()) {
            sendInterim(Http2Heads.answer(response));
            interim = true;
        } else {
            sendHead(Http2Heads.answer(response), toHead || code == 304 || AnswerHead.isBodyless(code));
        }
        if (response instanceof FullHttpResponse whole) {
            sendPart(whole);
        }
    }

    @Override
    public void flush() {
        sendHeldHead();
        connection.flushSoon();
    }

    /** Into a tunnel that is not open nobody takes anything. */
    @Override
    public void pauseReading(boolean paused) {
        pause(paused || (tunnelAsked && !tunnelOpen));
    }

    @Override
    public void dropEncoder() {
        tunnelOpen = true;
    }

    @Override
    public void dropDecoder() {
        Exchange current = exchange;
        if (early != null && current != null) {
            for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
                current.tunnelToUpstream(bytes);
            }
        }
        if (received() && current != null) {
            current.clientEnded();
        }
        pause(false);
    }

    @Override
    public void exchangeOver(boolean keepAlive) {
        forget();
        if (!sent()) {
            sendEnd();
        }
        pause(false);
        connection.flushSoon();
    }

    @Override
    public void abort() {
        forget();
        reset(Http2Error.INTERNAL_ERROR);
    }

    private void forget() {
        exchange = null;
        overSinceNanos = System.nanoTime();
        releaseEarly();
        connection.exchangeOver();
    }

    private void releaseEarly() {
        if (early != null) {
            early.forEach(ByteBuf::release);
            early = null;
        }
    }

    @Override
    void open() {}

    @Override
    boolean resetsAfterEnd() {
        return true;
    }
}
