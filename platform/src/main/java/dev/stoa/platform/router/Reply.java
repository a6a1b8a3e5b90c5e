package dev.stoa.platform.router;

import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.util.ReferenceCountUtil;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The answer to a request, from an instance or in the place of one, and how far it is. */
final class Reply {
    private final Exchange exchange;
    private final Lane lane;
    private final Client client;
    private final HttpRequest request;
    private final boolean http11;
    private @Nullable EdgePass pass;
    private Stage stage = Stage.AWAITED;
    private boolean keepAlive;
    private boolean originReusable;
    private int status;
    private long bytes;

    private enum Stage {
        AWAITED,
        /** The head of a 100 or 103 came, and its end is next. */
        INTERIM,
        /** A 100 or 103 is through, and the answer proper is awaited. */
        PROMISED,
        BEGUN,
        /** The head of a 101 came, and its end is next. */
        SWITCHING,
        TUNNEL
    }

    Reply(Exchange exchange, Lane lane, Client client, HttpRequest request) {
        this.exchange = exchange;
        this.lane = lane;
        this.client = client;
        this.request = request;
        this.http11 = !request.protocolVersion().equals(HttpVersion.HTTP_1_0);
    }

    /** Whether the client speaks HTTP/1.1, or more. */
    boolean http11() {
        return http11;
    }

    /** Whether the client would like to send another request. */
    void keepAlive(boolean keepAlive) {
        this.keepAlive = keepAlive;
    }

    /** It goes out through the edge of the app. */
    void through(EdgePass pass) {
        this.pass = pass;
    }

    /** 0: none yet. */
    int status() {
        return status;
    }

    /** Of the body, or in a tunnel. */
    long bytes() {
        return bytes;
    }

    /** Whether not a byte of it has come. */
    boolean awaited() {
        return stage == Stage.AWAITED;
    }

    /** Whether the head of the answer proper is still to come. */
    boolean promised() {
        return stage == Stage.AWAITED || stage == Stage.PROMISED;
    }

    boolean begun() {
        return stage == Stage.BEGUN;
    }

    /** Whether the connection it came over can serve another request. */
    boolean leavesOriginReusable() {
        return stage == Stage.BEGUN && originReusable;
    }

    // From an instance.

    void head(HttpResponse response) {
        int code = response.status().code();
        if (response.decoderResult().isFailure()) {
            ReferenceCountUtil.release(response);
            unreadable(response.decoderResult().cause());
        } else if (!AnswerHead.isSound(response)) {
            ReferenceCountUtil.release(response);
            exchange.failBy(Failure.badResponse(exchange.app(), exchange.instance()));
        } else if (code == HttpResponseStatus.SWITCHING_PROTOCOLS.code()) {
            switchProtocol(response);
        } else if (code >= 200 && code < 300 && client.nothingButTunnel()) {
            ReferenceCountUtil.release(response);
            exchange.fail(Failure.noTunnel(exchange.app(), exchange.instance()));
        } else if (code < 200) {
            stage = Stage.INTERIM;
            if (http11) {
                AnswerHead.prepareInterim(response.headers());
                client.write(response);
            }
        } else {
            stage = Stage.BEGUN;
            status = code;
            Backend by = exchange.search().answered();
            markDate(response);
            AnswerHead head = AnswerHead.prepare(
                    response,
                    request.method().equals(HttpMethod.HEAD),
                    http11,
                    keepAlive && !lane.closing() && !exchange.mayLackBody(),
                    exchange.requestId());
            keepAlive = head.clientKeepAlive();
            originReusable = head.upstreamReusable();
            if (pass != null) {
                pass.head(response, !by.isCanary());
                status = response.status().code();
            }
            // On top of what a cache keeps: where one client belongs is nothing for the others.
            stick(response, by);
            client.write(response);
        }
    }

    /** RFC 9110, 6.6.1: whoever passes on an answer that says no time of its own adds it. */
    private void markDate(HttpResponse response) {
        if (!response.headers().contains(HttpHeaderNames.DATE)) {
            response.headers().set(HttpHeaderNames.DATE, lane.date());
        }
    }

    private void unreadable(Throwable cause) {
        String app = exchange.app();
        String instance = exchange.instance();
        switch (cause) {
            case WebSocketHandshake.NotTaken e -> exchange.fail(Failure.noWebSocket(app, instance));
            case WebSocketHandshake.NoKey e ->
                exchange.fail(Failure.badRequest("its Sec-WebSocket-Key is not 16 bytes in Base64"));
            case Http2Exception e -> exchange.failBy(Failure.notHttp2(app, instance));
            case PrematureChannelClosureException e -> exchange.failBy(Failure.upstreamClosed(app, instance));
            default -> exchange.failBy(Failure.badResponse(app, instance));
        }
    }

    private void stick(HttpResponse response, Backend to) {
        if (exchange.search().remember()) {
            response.headers().add(HttpHeaderNames.SET_COOKIE, to.cookie(client.secure()));
        }
    }

    private void switchProtocol(HttpResponse response) {
        String upgrade = exchange.upgrade();
        if (upgrade.isEmpty()) {
            exchange.failBy(Failure.badResponse(exchange.app(), exchange.instance()));
            return;
        }
        stage = Stage.SWITCHING;
        status = response.status().code();
        Backend by = exchange.search().answered();
        String protocol = response.headers().get(HttpHeaderNames.UPGRADE, upgrade);
        AnswerHead.prepareInterim(response.headers());
        ForwardedHeaders.markUpgrade(response.headers(), protocol);
        stick(response, by);
        client.write(response);
    }

    void body(HttpContent part) {
        if (part.decoderResult().isFailure()) {
            part.release();
            exchange.failBy(Failure.badResponse(exchange.app(), exchange.instance()));
            return;
        }
        switch (stage) {
            case INTERIM -> {
                stage = Stage.PROMISED;
                if (http11) {
                    client.write(part);
                    client.flush();
                }
            }
            case SWITCHING -> {
                client.write(part);
                stage = Stage.TUNNEL;
                exchange.openTunnel();
            }
            case AWAITED, PROMISED, BEGUN, TUNNEL -> {
                boolean last = part instanceof LastHttpContent;
                if (last && !((LastHttpContent) part).trailingHeaders().isEmpty()) {
                    ForwardedHeaders.removeHopByHop(((LastHttpContent) part).trailingHeaders());
                }
                if (pass == null) {
                    bytes += part.content().readableBytes();
                    client.write(part);
                } else {
                    bytes += pass.body(part);
                }
                if (last) {
                    exchange.finish("");
                    client.exchangeOver(keepAlive);
                }
            }
        }
    }

    /** In a tunnel. */
    void passed(int bytes) {
        this.bytes += bytes;
    }

    void flush() {
        if (pass != null) {
            bytes += pass.flush();
        }
        client.flush();
    }

    // In the place of one.

    /** Answers with an error page, or cuts the answer off if it has begun, so that nobody takes it for whole. */
    void fail(Failure failure) {
        if (stage == Stage.BEGUN || stage == Stage.SWITCHING) {
            exchange.finish(failure.error().code());
            client.abort();
            return;
        }
        Optional<FullHttpResponse> spare = pass == null || failure.error().status() < RouterError.ROUTER_FAILED.status()
                ? Optional.empty()
                : pass.insteadOfError();
        if (spare.isPresent()) {
            alone(spare.get(), failure.error().code());
            return;
        }
        ErrorPage.Form form = ErrorPage.form(request.headers().get(HttpHeaderNames.ACCEPT, ""));
        FullHttpResponse page = new ErrorPage(failure, exchange.requestId()).response(form);
        alone(pass == null ? page : pass.failed(page, form), failure.error().code());
    }

    /** @param error empty: it is none */
    void alone(FullHttpResponse response, String error) {
        status = response.status().code();
        boolean stays = keepAlive && !lane.closing() && exchange.isRequestRead();
        AnswerHead.markConnection(response.headers(), http11, stays);
        markDate(response);
        bytes = request.method().equals(HttpMethod.HEAD)
                ? 0
                : response.content().readableBytes();
        client.write(response);
        exchange.finish(error);
        client.exchangeOver(stays);
    }

    /** The client has gone before the end. */
    void unwanted() {
        if (stage != Stage.BEGUN) {
            status = RouterError.CLIENT_CLOSED.status();
        }
    }

    void close() {
        if (pass != null) {
            pass.close();
        }
    }
}
