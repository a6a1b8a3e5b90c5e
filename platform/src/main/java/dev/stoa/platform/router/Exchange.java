package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer, from the head of the one to the last byte of the other.
 *
 * <p>It is claimed for a backend, sent over a resting or a new connection, and answered. Until the first byte of an
 * answer it may move: to the next backend when a connection is refused, to a new connection when a resting one turns
 * out to be closed, and once to another backend when a new one breaks off, if to be asked twice does no harm. Bodies are
 * passed on as they come; whichever side cannot take more stops the other from being read.
 *
 * <p>All of it runs on the event loop that both connections share.
 */
final class Exchange implements Claimant {
    private static final System.Logger LOG = System.getLogger(Exchange.class.getName());

    /** For both sides of a WebSocket to hang up after they were told to. */
    private static final long GOODBYE_NANOS_MAX = TimeUnit.SECONDS.toNanos(2);

    /** Between two looks for a table without the instances that have just ended. */
    private static final long NEWS_PAUSE_MILLIS = 20;

    private final Lane lane;
    private final Client client;
    private final HttpRequest request;
    private final String requestId;
    private final String path;
    private final boolean http11;
    private final long startNanos = System.nanoTime();

    /** Parts of the body that came while the connection was still being made. */
    private final Queue<HttpContent> held = new ArrayDeque<>(2);

    private String host = "";
    private String upgrade = "";
    private String app = "";
    private String instance = "";
    private boolean hasBody = true;
    private boolean replayable;
    private boolean keepAlive;
    private @Nullable Set<Backend> tried;
    private boolean resent;
    private boolean remember;
    private @Nullable Backend backend;
    private @Nullable Origin upstream;
    private @Nullable EdgePass pass;
    private long bodyBytesMax;
    private long connectNanos;

    /** The app whose next instance it waits for. */
    private @Nullable Route waitsFor;

    private long waitsSinceNanos;
    private long newsAwaitedSinceNanos;
    private boolean waitsForRoom;

    private boolean requestComplete;
    private boolean replayed;
    private Answer answer = Answer.AWAITED;
    private boolean upstreamReusable;
    private boolean clientStalls;
    private boolean over;
    private long lastByteNanos = startNanos;
    private long bytesIn;
    private long bytesOut;
    private int status;
    private @Nullable WebSocketTunnel socket;
    private boolean leaving;
    private long leavingSinceNanos;

    /** How far the answer is. */
    private enum Answer {
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

    Exchange(Lane lane, Client client, HttpRequest request) {
        this.lane = lane;
        this.client = client;
        this.request = request;
        this.bodyBytesMax = lane.config().bodyBytesMax();
        this.http11 = !request.protocolVersion().equals(HttpVersion.HTTP_1_0);
        int query = request.uri().indexOf('?');
        this.path = query < 0 ? request.uri() : request.uri().substring(0, query);
        this.requestId = ForwardedHeaders.requestId(request.headers(), lane);
    }

    void begin() {
        switch (RequestHead.of(request, lane.config().bodyBytesMax())) {
            case RequestHead.Refused refused -> fail(refused.failure());
            case RequestHead.Fine fine -> {
                host = fine.host();
                hasBody = fine.hasBody();
                replayable = fine.replayable();
                upgrade = fine.upgrade();
                keepAlive = HttpUtil.isKeepAlive(request);
                boolean inTheWorld = client.realm().equals(RouteTable.WORLD);
                Optional<String> proof = inTheWorld ? lane.https().answer(path) : Optional.empty();
                if (proof.isPresent()) {
                    answerAlone(HereAnswer.text(proof.get()), "");
                    return;
                }
                ForwardedHeaders.prepare(request.headers(), client, upgrade, requestId);
                Edge edge = inTheWorld ? lane.edges().find(host) : null;
                if (edge == null || edge.manifest().trace()) {
                    ForwardedHeaders.trace(request.headers(), lane);
                }
                if (edge == null) {
                    findBackend();
                } else {
                    pass(edge);
                }
            }
        }
    }

    /** Through what the app lets the router do on its own. */
    private void pass(Edge edge) {
        app = edge.app();
        if (edge.httpsOnly() && !client.secure() && lane.https().port() != 0) {
            answerAlone(HereAnswer.movedTo(lane.https().url(host, request.uri())), "");
            return;
        }
        bodyBytesMax = edge.bodyBytesMax(bodyBytesMax);
        EdgePass now = new EdgePass(edge, request, client, http11, requestId);
        pass = now;
        switch (now.enter(hasBody)) {
            case Verdict.Go go -> findBackend();
            case Verdict.Refused refused -> fail(refused.failure());
            case Verdict.Answered answered -> answerAlone(answered.response(), "");
        }
    }

    // Finding somebody who answers.

    private void findBackend() {
        switch (lane.backends().claim(RouteTable.key(client.realm(), host), this)) {
            case Claim.NoApp none -> {
                leaveQueue();
                fail(client.realm().equals(RouteTable.WORLD) ? Failure.noApp(host) : Failure.notAllowed(host));
            }
            case Claim.NoInstance none -> {
                app = none.route().app();
                boolean holds = none.route().hold().holds();
                if (holds && (tried == null || none.route().isEmpty())) {
                    hold(none.route(), false);
                    return;
                }
                leaveQueue();
                if (!holds || tried == null || !awaitNews()) {
                    fail(noInstance(none.route()));
                }
            }
            case Claim.Full full -> {
                app = full.route().app();
                if (full.route().hold().holds()) {
                    hold(full.route(), true);
                    return;
                }
                leaveQueue();
                fail(Failure.appBusy(app));
            }
            case Claim.Taken taken -> {
                if (waitsFor == null && lane.waiting().has(taken.route().app())) {
                    // Others have waited longer for what has just become free.
                    taken.backend().release();
                    hold(taken.route(), true);
                    return;
                }
                leaveQueue();
                sendTo(taken);
            }
        }
    }

    /**
     * All instances of the table have failed it. If they have ended, the next table says so soon; whether they have is not to
     * be seen from here. Not in the queue: who has not tried them must not wait behind it.
     */
    private boolean awaitNews() {
        long nowNanos = System.nanoTime();
        if (newsAwaitedSinceNanos == 0) {
            newsAwaitedSinceNanos = nowNanos;
        }
        if (nowNanos - newsAwaitedSinceNanos > lane.config().connectTimeout().toNanos()) {
            return false;
        }
        lane.later(this::lookAgain, NEWS_PAUSE_MILLIS);
        return true;
    }

    private void lookAgain() {
        if (!over) {
            findBackend();
            flushToUpstream();
        }
    }

    private Failure noInstance(Route route) {
        if (tried == null || route.isEmpty()) {
            return Failure.noInstance(route);
        }
        return resent ? Failure.upstreamClosed(app, instance) : Failure.upstreamRefused(app, tried.size());
    }

    /** Waits for an instance; of its body no more is read meanwhile. */
    private void hold(Route route, boolean full) {
        if (waitsFor == null && !lane.waiting().add(this, route)) {
            fail(Failure.queueFull(route));
            return;
        }
        if (waitsFor == null) {
            waitsSinceNanos = System.nanoTime();
            if (!requestComplete) {
                client.pauseReading(true);
            }
        }
        boolean first = waitsFor == null;
        waitsFor = route;
        waitsForRoom = full;
        if (first && full) {
            // Room that came before it was in the queue was told to nobody.
            lane.room(app);
        }
    }

    /** There may be an instance now. Whether it left the queue. */
    boolean tryAgain() {
        findBackend();
        flushToUpstream();
        return waitsFor == null;
    }

    private void leaveQueue() {
        if (waitsFor != null) {
            lane.waiting().remove(this, waitsFor.app());
            waitsFor = null;
        }
    }

    private void sendTo(Claim.Taken taken) {
        app = taken.route().app();
        instance = taken.backend().upstream().instance();
        backend = taken.backend();
        remember = taken.remember();
        Optional<Origin> resting = lane.pool().take(taken.backend(), replayable, System.nanoTime());
        if (resting.isPresent()) {
            sendOver(resting.get());
        } else {
            connect(taken.backend());
        }
    }

    @Override
    public Set<Backend> tried() {
        return tried == null ? Set.of() : tried;
    }

    @Override
    public String mark() {
        return Sticky.markIn(request.headers());
    }

    @Override
    public RandomGenerator random() {
        return lane.random();
    }

    private void connect(Backend to) {
        if (!requestComplete) {
            client.pauseReading(true);
        }
        connectNanos -= System.nanoTime();
        lane.pool().connect(to, this::connected, cause -> refused(to));
    }

    private void connected(Origin connection) {
        connectNanos += System.nanoTime();
        if (over) {
            connection.close();
            return;
        }
        sendOver(connection);
        connection.flush();
    }

    private void refused(Backend by) {
        connectNanos += System.nanoTime();
        if (over) {
            return;
        }
        passOver(by);
        if (System.nanoTime() - startNanos > lane.config().responseTimeout().toNanos()) {
            fail(Failure.upstreamRefused(app, tried().size()));
        } else {
            findBackend();
            // It may have got a connection that has rested, at once.
            flushToUpstream();
        }
    }

    private void passOver(Backend failed) {
        backend = null;
        failed.release();
        if (tried == null) {
            tried = new HashSet<>();
        }
        tried.add(failed);
    }

    /** Sends it to another backend, where that does no harm: only once, as it may be the request that ends the instances. */
    private boolean resend(Backend failed) {
        if (resent || !replayable || over || !lane.backends().mayResend(app)) {
            return false;
        }
        resent = true;
        replayed = false;
        passOver(failed);
        holdEnd();
        findBackend();
        flushToUpstream();
        return true;
    }

    /** The end of a request without a body is all that is to be sent after its head. */
    private void holdEnd() {
        if (requestComplete) {
            held.add(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }

    private void sendOver(Origin connection) {
        upstream = connection;
        connection.begin(this, request);
        for (HttpContent part = held.poll(); part != null; part = held.poll()) {
            connection.write(part);
        }
        lastByteNanos = System.nanoTime();
        if (!requestComplete) {
            client.pauseReading(!connection.isWritable());
        }
    }

    // What comes from the client.

    void requestBody(HttpContent part) {
        bytesIn += part.content().readableBytes();
        if (part.decoderResult().isFailure()) {
            part.release();
            fail(Failure.badRequest("its body is not what its headers promise"));
        } else if (bytesIn > bodyBytesMax) {
            part.release();
            fail(Failure.bodyTooLarge(bodyBytesMax));
        } else {
            lastByteNanos = System.nanoTime();
            requestComplete = part instanceof LastHttpContent;
            if (upstream == null) {
                held.add(part);
            } else {
                upstream.write(part);
            }
            if (requestComplete) {
                client.pauseReading(false);
                flushToUpstream();
            }
        }
    }

    void flushToUpstream() {
        if (upstream != null) {
            upstream.flush();
        }
    }

    void clientWritable(boolean writable) {
        clientStalls = !writable;
        lastByteNanos = System.nanoTime();
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
        if (answer == Answer.TUNNEL) {
            finish("");
        } else {
            status = answer == Answer.BEGUN ? status : RouterError.CLIENT_CLOSED.status();
            finish(RouterError.CLIENT_CLOSED.code());
        }
    }

    // What comes from the instance.

    void responseHead(HttpResponse response) {
        lastByteNanos = System.nanoTime();
        int code = response.status().code();
        if (response.decoderResult().isFailure()) {
            ReferenceCountUtil.release(response);
            if (response.decoderResult().cause() instanceof Http2Exception) {
                failBy(Failure.notHttp2(app, instance));
                return;
            }
            boolean cut = response.decoderResult().cause() instanceof PrematureChannelClosureException;
            failBy(cut ? Failure.upstreamClosed(app, instance) : Failure.badResponse(app, instance));
        } else if (code == HttpResponseStatus.SWITCHING_PROTOCOLS.code()) {
            switchProtocol(response);
        } else if (code >= 200 && code < 300 && client.nothingButTunnel()) {
            ReferenceCountUtil.release(response);
            fail(Failure.noTunnel(app, instance));
        } else if (code < 200) {
            answer = Answer.INTERIM;
            if (http11) {
                ForwardedHeaders.removeHopByHop(response.headers());
                client.write(response);
            }
        } else {
            answer = Answer.BEGUN;
            status = code;
            answered(response);
            AnswerHead head = AnswerHead.prepare(
                    response,
                    request.method().equals(HttpMethod.HEAD),
                    http11,
                    keepAlive && !lane.closing(),
                    requestId);
            keepAlive = head.clientKeepAlive();
            upstreamReusable = head.upstreamReusable();
            if (pass != null) {
                pass.head(response);
                status = response.status().code();
            }
            client.write(response);
        }
    }

    private void answered(HttpResponse response) {
        Backend by = Objects.requireNonNull(backend);
        by.answered();
        if (remember) {
            response.headers().add(HttpHeaderNames.SET_COOKIE, by.cookie(client.secure()));
        }
    }

    private void switchProtocol(HttpResponse response) {
        if (upgrade.isEmpty()) {
            failBy(Failure.badResponse(app, instance));
            return;
        }
        answer = Answer.SWITCHING;
        status = response.status().code();
        answered(response);
        String protocol = response.headers().get(HttpHeaderNames.UPGRADE, upgrade);
        ForwardedHeaders.removeHopByHop(response.headers());
        ForwardedHeaders.markUpgrade(response.headers(), protocol);
        client.write(response);
    }

    void responseBody(HttpContent part) {
        lastByteNanos = System.nanoTime();
        boolean last = part instanceof LastHttpContent;
        if (part.decoderResult().isFailure()) {
            part.release();
            failBy(Failure.badResponse(app, instance));
        } else if (answer == Answer.INTERIM) {
            answer = Answer.PROMISED;
            if (http11) {
                client.write(part);
                client.flush();
            }
        } else if (answer == Answer.SWITCHING) {
            client.write(part);
            openTunnel();
        } else {
            if (pass == null) {
                bytesOut += part.content().readableBytes();
                client.write(part);
            } else {
                bytesOut += pass.body(part);
            }
            if (last) {
                finish("");
                client.exchangeOver(keepAlive);
            }
        }
    }

    /** Encoders go first, since a decoder that goes hands on what it still has. */
    private void openTunnel() {
        Origin to = Objects.requireNonNull(upstream);
        answer = Answer.TUNNEL;
        socket = upgrade.equalsIgnoreCase("websocket") ? new WebSocketTunnel() : null;
        to.dropEncoder();
        client.dropEncoder();
        to.dropDecoder();
        client.dropDecoder();
        to.flush();
        client.flush();
    }

    void tunnelToClient(Object bytes) {
        lastByteNanos = System.nanoTime();
        if (socket != null && !socket.toClient().pass((ByteBuf) bytes)) {
            ReferenceCountUtil.release(bytes);
            return;
        }
        bytesOut += ((ByteBuf) bytes).readableBytes();
        client.write(bytes);
        sayGoodbye();
    }

    void tunnelToUpstream(Object bytes) {
        lastByteNanos = System.nanoTime();
        if (upstream == null || (socket != null && !socket.toInstance().pass((ByteBuf) bytes))) {
            ReferenceCountUtil.release(bytes);
        } else {
            upstream.write(bytes);
            sayGoodbye();
        }
    }

    /** The instance or the router has to go: a WebSocket is told so, and ends. Anything else is left as it is. */
    void goAway() {
        if (answer == Answer.TUNNEL && socket != null && !leaving) {
            leaving = true;
            leavingSinceNanos = System.nanoTime();
            sayGoodbye();
        }
    }

    /** A frame that is on its way goes out whole first. */
    private void sayGoodbye() {
        if (!leaving || socket == null || upstream == null) {
            return;
        }
        if (socket.toInstance().mayClose()) {
            upstream.write(socket.toInstance().close());
            upstream.flush();
        }
        if (socket.toClient().mayClose()) {
            client.write(socket.toClient().close());
            client.flush();
        }
    }

    void flushToClient() {
        if (pass != null) {
            bytesOut += pass.flush();
        }
        client.flush();
    }

    void upstreamWritable(boolean writable) {
        lastByteNanos = System.nanoTime();
        if (!requestComplete || answer == Answer.TUNNEL) {
            client.pauseReading(!writable);
        }
    }

    void upstreamClosed() {
        Origin closed = Objects.requireNonNull(upstream);
        upstream = null;
        if (answer == Answer.TUNNEL) {
            if (socket != null && socket.toClient().lacksClose()) {
                // The instance has ended without a word.
                leaving = true;
                client.write(socket.toClient().close());
            }
            finish("");
            endTunnel();
        } else if (answer == Answer.AWAITED && closed.used() && replayable && !replayed) {
            replayed = true;
            holdEnd();
            connect(closed.backend());
        } else {
            closed.backend().failed(System.nanoTime());
            if (answer != Answer.AWAITED || !resend(closed.backend())) {
                fail(Failure.upstreamClosed(app, instance));
            }
        }
    }

    // The end.

    void tick(long nowNanos) {
        if (waitsFor != null) {
            if (nowNanos - waitsSinceNanos >= waitsFor.hold().longest().toNanos()) {
                fail(waitsForRoom ? Failure.appBusy(app) : Failure.waitTimeout(waitsFor));
            }
            return;
        }
        if (answer == Answer.TUNNEL && backend != null && backend.leftBefore(nowNanos - lane.drainNanos())) {
            goAway();
        }
        if (leaving && nowNanos - leavingSinceNanos > GOODBYE_NANOS_MAX) {
            finish("");
            endTunnel();
            return;
        }
        boolean awaited = requestComplete && (answer == Answer.AWAITED || answer == Answer.PROMISED);
        Duration limit =
                awaited ? lane.config().responseTimeout() : lane.config().idleTimeout();
        if (upstream == null || nowNanos - lastByteNanos < limit.toNanos()) {
            return;
        }
        if (answer == Answer.TUNNEL) {
            finish("");
            endTunnel();
        } else if (requestComplete || answer == Answer.BEGUN || !upstream.isWritable()) {
            Failure late = Failure.upstreamTimeout(app, instance, limit);
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
    private void failBy(Failure failure) {
        if (backend != null) {
            backend.failed(System.nanoTime());
        }
        fail(failure);
    }

    /** A client that was told of the end reads it before the connection goes. */
    private void endTunnel() {
        if (leaving) {
            client.tunnelOver();
        } else {
            client.exchangeOver(false);
        }
    }

    /** Answers with an error page, or cuts the answer off if it has begun, so that nobody takes it for whole. */
    private void fail(Failure failure) {
        if (answer == Answer.BEGUN || answer == Answer.SWITCHING) {
            finish(failure.error().code());
            client.abort();
            return;
        }
        ErrorPage.Form form = ErrorPage.form(request.headers().get(HttpHeaderNames.ACCEPT, ""));
        FullHttpResponse page = new ErrorPage(failure, requestId).response(form);
        answerAlone(
                pass == null ? page : pass.failed(page, form), failure.error().code());
    }

    /** Answers in the place of an instance. */
    private void answerAlone(FullHttpResponse response, String error) {
        status = response.status().code();
        boolean stays = keepAlive && !lane.closing() && (requestComplete || !hasBody);
        AnswerHead.markConnection(response.headers(), http11, stays);
        bytesOut = request.method().equals(HttpMethod.HEAD)
                ? 0
                : response.content().readableBytes();
        client.write(response);
        finish(error);
        client.exchangeOver(stays);
    }

    private void finish(String error) {
        over = true;
        leaveQueue();
        if (upstream != null) {
            boolean reusable = error.isEmpty() && answer == Answer.BEGUN && upstreamReusable && requestComplete;
            if (reusable) {
                upstream.give(System.nanoTime());
            } else {
                upstream.close();
            }
            upstream = null;
        }
        held.forEach(ReferenceCountUtil::release);
        held.clear();
        if (pass != null) {
            pass.close();
        }
        if (backend != null) {
            backend.release();
            backend = null;
            lane.backends().released(app);
        }
        tell(error);
    }

    private void tell(String error) {
        FinishedRequest finished = new FinishedRequest(
                app,
                host,
                request.method().name(),
                path,
                status,
                Duration.ofNanos(Math.max(0, connectNanos)),
                Duration.ofNanos(System.nanoTime() - startNanos),
                bytesOut,
                instance,
                client.address(),
                client.secure(),
                requestId,
                error,
                lane.edges().logs(app));
        try {
            lane.listener().finished(finished);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "the listener failed request=" + requestId, e);
        }
    }
}
