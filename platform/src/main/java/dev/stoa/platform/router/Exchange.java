package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer, from the head of the one to the last byte of the other.
 *
 * <p>It passes the {@link Gate}, a {@link Search} finds who answers, and the {@link Reply} goes to the client. Bodies are
 * passed on as they come; whichever side cannot take more stops the other from being read.
 *
 * <p>All of it runs on the event loop that both connections share.
 */
final class Exchange {
    private static final System.Logger LOG = System.getLogger(Exchange.class.getName());

    private final Lane lane;
    private final Client client;
    private final HttpRequest request;
    private final Search search;
    private final Reply reply;
    private final String requestId;
    private final String path;
    private final long startNanos = System.nanoTime();
    private RequestHead.Fine head = RequestHead.Fine.UNKNOWN;
    private long bodyBytesMax;
    private long bodyBytes;
    private boolean requestComplete;

    /** Parts of the body that came while the connection was still being made. */
    private @Nullable Queue<HttpContent> held;

    /** For what another request is to bring into the cache. */
    private @Nullable CacheWait waiting;

    private @Nullable Origin upstream;
    private @Nullable Tunnel tunnel;
    private boolean clientStalls;
    private boolean over;
    private long lastByteNanos = startNanos;

    /** Since the last tick, which is soon enough to ask the clock. */
    private boolean bytesMoved;

    Exchange(Lane lane, Client client, HttpRequest request) {
        this.lane = lane;
        this.client = client;
        this.request = request;
        this.search = new Search(this, lane);
        this.reply = new Reply(this, lane, client, request);
        this.bodyBytesMax = lane.config().bodyBytesMax();
        int query = request.uri().indexOf('?');
        this.path = query < 0 ? request.uri() : request.uri().substring(0, query);
        this.requestId = ForwardedHeaders.requestId(request.headers(), lane);
    }

    void begin() {
        switch (RequestHead.of(request, lane.config().bodyBytesMax())) {
            case RequestHead.Refused refused -> fail(refused.failure());
            case RequestHead.Fine fine -> {
                head = fine;
                reply.keepAlive(HttpUtil.isKeepAlive(request));
                follow(lane.gate().enter(this, fine));
            }
        }
    }

    /** As a copy of one that was answered with what is stale, past the gate. */
    void beginRefresh(Exchange answered, Edge edge, EdgePass stale) {
        head = answered.head;
        requestComplete = true;
        belongsTo(edge);
        pass(edge).refresh(stale);
        holdEnd();
        search.begin();
        flushToUpstream();
    }

    void follow(Verdict verdict) {
        switch (verdict) {
            case Verdict.Go go -> search.begin();
            case Verdict.Wait wait -> {
                if (waiting != null) {
                    waiting.begin();
                }
            }
            case Verdict.Refused refused -> fail(refused.failure());
            case Verdict.Answered answered -> reply.alone(answered.response(), "");
        }
    }

    /** Whose request it is, before an instance is looked for. */
    void belongsTo(Edge edge) {
        search.app(edge.app());
    }

    /** From here on it goes through what the app wants done with it. */
    EdgePass pass(Edge edge) {
        bodyBytesMax = edge.bodyBytesMax(bodyBytesMax);
        CacheWait wait = edge.cache() == null ? null : new CacheWait(this, lane, edge);
        EdgePass pass = new EdgePass(edge, request, client, reply.http11(), requestId, wait);
        if (wait != null) {
            waiting = wait;
            wait.of(pass);
        }
        reply.through(pass);
        return pass;
    }

    // What its parts know of it.

    Client client() {
        return client;
    }

    HttpRequest request() {
        return request;
    }

    Search search() {
        return search;
    }

    String requestId() {
        return requestId;
    }

    /** As it was asked for, without the query. */
    String path() {
        return path;
    }

    String host() {
        return head.host();
    }

    /** The protocol that the client asks to change to; empty: none. */
    String upgrade() {
        return head.upgrade();
    }

    boolean replayable() {
        return head.replayable();
    }

    String app() {
        return search.app();
    }

    String instance() {
        return search.instance();
    }

    boolean over() {
        return over;
    }

    boolean isOlderThan(Duration age) {
        return System.nanoTime() - startNanos > age.toNanos();
    }

    /** Whether nothing more of it is on its way here. */
    boolean isRequestRead() {
        return requestComplete || !head.hasBody();
    }

    /**
     * Whether the client may never send the body, as it waited for a word and gets an answer instead: what then comes could be
     * either the body or the next request (RFC 9110, 10.1.1).
     */
    boolean mayLackBody() {
        return bodyBytes == 0 && !isRequestRead() && request.headers().contains(HttpHeaderNames.EXPECT);
    }

    // What comes from the client.

    void requestBody(HttpContent part) {
        bodyBytes += part.content().readableBytes();
        if (part.decoderResult().isFailure()) {
            part.release();
            fail(Failure.badRequest("its body is not what its headers promise"));
        } else if (bodyBytes > bodyBytesMax) {
            part.release();
            fail(Failure.bodyTooLarge(bodyBytesMax));
        } else {
            bytesMoved = true;
            if (part instanceof LastHttpContent last) {
                requestComplete = true;
                if (!last.trailingHeaders().isEmpty()) {
                    ForwardedHeaders.cleanTrailers(last.trailingHeaders());
                }
            }
            if (upstream == null) {
                hold(part);
            } else {
                upstream.write(part);
            }
            if (requestComplete) {
                client.pauseReading(false);
                flushToUpstream();
            }
        }
    }

    private void hold(HttpContent part) {
        if (held == null) {
            held = new ArrayDeque<>(2);
        }
        held.add(part);
    }

    /** The end of a request without a body is all that is to be sent after its head. */
    void holdEnd() {
        if (requestComplete) {
            hold(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }

    /** Reads no more of the body until there is somebody to take it. */
    void pauseBody() {
        if (!requestComplete) {
            client.pauseReading(true);
        }
    }

    void sendOver(Origin connection) {
        upstream = connection;
        connection.begin(this, request);
        if (held != null) {
            for (HttpContent part = held.poll(); part != null; part = held.poll()) {
                connection.write(part);
            }
        }
        bytesMoved = true;
        if (!requestComplete) {
            client.pauseReading(!connection.isWritable());
        }
    }

    /** There may be an instance now. Whether it left the queue. */
    boolean tryAgain() {
        search.begin();
        flushToUpstream();
        return !search.waits();
    }

    void flushToUpstream() {
        if (upstream != null) {
            upstream.flush();
        }
    }

    void clientWritable(boolean writable) {
        clientStalls = !writable;
        bytesMoved = true;
        if (upstream != null) {
            upstream.pauseReading(!writable);
        }
    }

    /** In a tunnel: no more comes from the client, which may still listen. */
    void clientEnded() {
        if (upstream != null) {
            upstream.endOutput();
        }
    }

    void clientGone() {
        if (tunnel != null) {
            finish("");
        } else {
            reply.unwanted();
            finish(RouterError.CLIENT_CLOSED.code());
        }
    }

    // What comes from the instance.

    void responseHead(HttpResponse response) {
        bytesMoved = true;
        reply.head(response);
    }

    void responseBody(HttpContent part) {
        bytesMoved = true;
        reply.body(part);
    }

    void flushToClient() {
        reply.flush();
    }

    void upstreamWritable(boolean writable) {
        bytesMoved = true;
        if (!requestComplete || tunnel != null) {
            client.pauseReading(!writable);
        }
    }

    void upstreamClosed() {
        Origin closed = Objects.requireNonNull(upstream);
        upstream = null;
        if (tunnel != null) {
            tunnel.instanceEnded();
            endTunnel(tunnel);
        } else if (!search.movesOn(closed, reply.awaited())) {
            fail(Failure.upstreamClosed(app(), instance()));
        }
    }

    // A tunnel.

    void openTunnel() {
        tunnel = new Tunnel(client, Objects.requireNonNull(upstream), head.upgrade());
        tunnel.open();
    }

    void tunnelToClient(Object bytes) {
        bytesMoved = true;
        if (tunnel == null) {
            ReferenceCountUtil.release(bytes);
        } else {
            reply.passed(tunnel.toClient((ByteBuf) bytes));
        }
    }

    void tunnelToUpstream(Object bytes) {
        bytesMoved = true;
        if (upstream == null || tunnel == null) {
            ReferenceCountUtil.release(bytes);
        } else {
            tunnel.toInstance((ByteBuf) bytes);
        }
    }

    /** The instance or the router has to go, see {@link Tunnel#goAway}. */
    void goAway() {
        if (tunnel != null) {
            tunnel.goAway();
        }
    }

    /** A client that was told of the end reads it before the connection goes. */
    private void endTunnel(Tunnel ended) {
        finish("");
        if (ended.leaving()) {
            client.tunnelOver();
        } else {
            client.exchangeOver(false);
        }
    }

    // The end.

    void tick(long nowNanos) {
        if (bytesMoved) {
            bytesMoved = false;
            lastByteNanos = nowNanos;
        }
        if (search.waits()) {
            search.tick(nowNanos);
        } else if (tunnel != null) {
            tickTunnel(tunnel, nowNanos);
        } else if (upstream != null) {
            tickAnswer(upstream, nowNanos);
        }
    }

    private void tickTunnel(Tunnel open, long nowNanos) {
        Backend backend = search.backend();
        if (backend != null && backend.leftBefore(nowNanos - lane.drainNanos())) {
            open.goAway();
        }
        if (open.overstays(nowNanos)
                || nowNanos - lastByteNanos >= lane.config().times().idle().toNanos()) {
            endTunnel(open);
        }
    }

    private void tickAnswer(Origin from, long nowNanos) {
        RouterTimes times = lane.config().times();
        Duration limit = requestComplete && reply.promised() ? times.response() : times.idle();
        if (nowNanos - lastByteNanos < limit.toNanos()) {
            return;
        }
        if (requestComplete || reply.begun() || !from.isWritable()) {
            Failure late = Failure.upstreamTimeout(app(), instance(), limit);
            if (clientStalls) {
                fail(late);
            } else {
                failBy(late);
            }
        } else {
            fail(Failure.requestTimeout(limit));
        }
    }

    /** The instance is at fault, and it is remembered against it. */
    void failBy(Failure failure) {
        search.failed();
        fail(failure);
    }

    void fail(Failure failure) {
        reply.fail(failure);
    }

    /** @param error empty: it went well */
    void finish(String error) {
        over = true;
        search.leaveQueue();
        if (upstream != null) {
            if (error.isEmpty() && requestComplete && reply.leavesOriginReusable()) {
                upstream.give(System.nanoTime());
            } else {
                upstream.close();
            }
            upstream = null;
        }
        if (held != null) {
            held.forEach(ReferenceCountUtil::release);
            held.clear();
        }
        if (waiting != null) {
            waiting.end();
        }
        reply.close();
        search.release();
        tell(error);
    }

    private void tell(String error) {
        FinishedRequest finished = new FinishedRequest(
                app(),
                head.host(),
                request.method().name(),
                path,
                reply.status(),
                Duration.ofNanos(search.connectNanos()),
                Duration.ofNanos(System.nanoTime() - startNanos),
                reply.bytes(),
                instance(),
                client.address(),
                client.secure(),
                requestId,
                error,
                lane.edges().logs(app()));
        try {
            lane.listener().finished(finished);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "the listener failed request=" + requestId, e);
        }
    }
}
