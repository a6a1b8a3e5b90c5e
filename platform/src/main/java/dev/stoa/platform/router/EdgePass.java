package dev.stoa.platform.router;

import dev.stoa.api.EdgeManifest.Maintenance;
import dev.stoa.api.EdgeManifest.Rate;
import dev.stoa.platform.router.edge.BasicAuth;
import dev.stoa.platform.router.edge.BodyEncoder;
import dev.stoa.platform.router.edge.CacheTurn;
import dev.stoa.platform.router.edge.Coding;
import dev.stoa.platform.router.edge.PathRules.Elsewhere;
import dev.stoa.platform.router.edge.RateLimit;
import dev.stoa.platform.router.edge.ResponseCache;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way through the {@link Edge} of its app: looked at before it goes on, and its answer on the way back. Lives on
 * the event loop of its exchange. Has to be closed.
 */
final class EdgePass implements AutoCloseable {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final String MAINTENANCE = "maintenance";
    private static final AsciiString HSTS = AsciiString.cached("strict-transport-security");

    private final Edge edge;
    private final HttpRequest request;
    private final Client client;
    private final boolean http11;
    private final String requestId;
    private final @Nullable CacheWait wait;
    private List<Map.Entry<String, String>> headers = List.of();
    private Optional<Coding> coding = Optional.empty();
    private @Nullable CacheTurn turn;
    private @Nullable BodyEncoder encoder;
    private @Nullable FullHttpResponse stored;
    private boolean streaming;
    private boolean waiting;
    private String page = "";

    /** @param wait is woken when a request that was told to wait is to look {@link #again}; null where there is no cache */
    EdgePass(
            Edge edge, HttpRequest request, Client client, boolean http11, String requestId, @Nullable CacheWait wait) {
        this.edge = edge;
        this.request = request;
        this.client = client;
        this.http11 = http11;
        this.requestId = requestId;
        this.wait = wait;
    }

    // Before anybody answers.

    /** @param cached whether an answer that others got will do */
    Verdict enter(boolean hasBody, boolean cached) {
        if (!edge.addresses().admits(client.address())) {
            return new Verdict.Refused(Failure.forbidden(client.address()));
        }
        if (edge.policy().maintenance() && !edge.spares(client.address())) {
            return maintenance();
        }
        Optional<Verdict> refused = rate().or(this::login);
        if (refused.isPresent()) {
            return refused.get();
        }
        long bodyBytesMax = edge.bodyBytesMax(Long.MAX_VALUE);
        if (HttpUtil.getContentLength(request, 0L) > bodyBytesMax) {
            return new Verdict.Refused(Failure.bodyTooLarge(bodyBytesMax));
        }
        if (edge.paths().redirects()) {
            Optional<Elsewhere> elsewhere = edge.paths().redirect(request.uri(), self());
            if (elsewhere.isPresent()) {
                return new Verdict.Answered(moved(elsewhere.get()));
            }
        }
        String asked = request.uri();
        request.setUri(edge.paths().rewrite(asked));
        if (http11 && !edge.codings().isEmpty() && !request.headers().contains(HttpHeaderNames.RANGE)) {
            coding = Coding.choose(
                    edge.codings(), String.join(",", request.headers().getAll(HttpHeaderNames.ACCEPT_ENCODING)));
        }
        return cached ? remembered(asked, hasBody) : Verdict.Go.ON;
    }

    /** The beginning of the URL that was asked for, with its port, which the app may well put into a page. */
    private String self() {
        String host = request.headers().get(HttpHeaderNames.HOST, "").toLowerCase(Locale.ROOT);
        return (client.secure() ? "https://" : "http://") + host;
    }

    private Verdict maintenance() {
        long seconds = edge.manifest()
                .maintenance()
                .map(Maintenance::retryAfter)
                .orElse(Maintenance.RETRY_AFTER)
                .toSeconds();
        headers = List.of(Map.entry("Retry-After", Long.toString(seconds)));
        page = MAINTENANCE;
        return new Verdict.Refused(Failure.maintenance(edge.app()));
    }

    private Optional<Verdict> rate() {
        RateLimit limit = edge.rate();
        if (limit == null) {
            return Optional.empty();
        }
        Rate rate = limit.rate();
        String own = rate.key().startsWith(Rate.BY_HEADER)
                ? request.headers().get(rate.key().substring(Rate.BY_HEADER.length()), "")
                : "";
        RateLimit.Outcome outcome =
                limit.ask(own.isEmpty() ? RateLimit.client(client.address()) : Rate.BY_HEADER + own, System.nanoTime());
        headers = new ArrayList<>(3);
        headers.add(Map.entry(
                "RateLimit-Policy",
                "\"default\";q=%d;w=%d"
                        .formatted(rate.burst(), Math.max(1, rate.per().toSeconds()))));
        headers.add(
                Map.entry("RateLimit", "\"default\";r=" + outcome.remaining() + ";t=" + seconds(outcome.resetNanos())));
        if (outcome.allowed()) {
            return Optional.empty();
        }
        headers.add(Map.entry("Retry-After", Long.toString(Math.max(1, seconds(outcome.retryNanos())))));
        return Optional.of(new Verdict.Refused(Failure.rateLimited(rate)));
    }

    private static long seconds(long nanos) {
        return (nanos + NANOS_PER_SECOND - 1) / NANOS_PER_SECOND;
    }

    /** The app has no use for the password of its gate, so it does not get it. */
    private Optional<Verdict> login() {
        if (edge.manifest().auth().isEmpty()) {
            return Optional.empty();
        }
        List<String> sent = request.headers().getAll(HttpHeaderNames.AUTHORIZATION);
        boolean known = sent.size() == 1
                && edge.policy()
                        .login()
                        .filter(login -> BasicAuth.matches(login, sent.getFirst()))
                        .isPresent();
        if (known) {
            request.headers().remove(HttpHeaderNames.AUTHORIZATION);
            return Optional.empty();
        }
        headers = new ArrayList<>(headers);
        headers.add(Map.entry("WWW-Authenticate", "Basic realm=\"" + edge.app() + "\", charset=\"UTF-8\""));
        return Optional.of(new Verdict.Refused(Failure.unauthorized(edge.app())));
    }

    private FullHttpResponse moved(Elsewhere elsewhere) {
        byte[] text = ("it is at " + elsewhere.location() + "\n").getBytes(StandardCharsets.US_ASCII);
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(elsewhere.status()), Unpooled.wrappedBuffer(text));
        response.headers()
                .set(HttpHeaderNames.LOCATION, elsewhere.location())
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                .set(HttpHeaderNames.CONTENT_LENGTH, text.length);
        return own(response);
    }

    private Verdict remembered(String asked, boolean hasBody) {
        ResponseCache cache = edge.cache();
        if (cache == null || wait == null) {
            return Verdict.Go.ON;
        }
        CacheTurn now = new CacheTurn(
                cache,
                request,
                hasBody,
                self() + asked,
                coding.map(Coding::token).orElse("identity"),
                wait::wake);
        turn = now;
        return look(now);
    }

    private Verdict look(CacheTurn now) {
        return now.answer(System.nanoTime())
                .<Verdict>map(response -> new Verdict.Answered(own(response)))
                .orElse(now.waits() ? Verdict.Wait.ON : Verdict.Go.ON);
    }

    /** @param patient whether it would wait once more */
    Verdict again(boolean patient) {
        CacheTurn now = turn;
        if (now == null) {
            return Verdict.Go.ON;
        }
        if (!patient) {
            now.waitNoMore();
        }
        return look(now);
    }

    /** Whether what it was answered with is stale, and has to be asked for now. */
    boolean refreshes() {
        return turn != null && turn.refreshes();
    }

    /** Goes to the app for the fresh answer, in place of the pass that was given a stale one. */
    void refresh(EdgePass answered) {
        coding = answered.coding;
        CacheTurn stale = answered.turn;
        turn = stale == null ? null : CacheTurn.refreshing(stale, request);
    }

    /** What may stand in for an error of the app, or of the router on the way there. */
    Optional<FullHttpResponse> insteadOfError() {
        return turn == null
                ? Optional.empty()
                : turn.insteadOfError(System.nanoTime()).map(this::own);
    }

    /** Puts on what every answer of the app carries. */
    private FullHttpResponse own(FullHttpResponse response) {
        response.headers().set(ForwardedHeaders.REQUEST_ID, requestId);
        mark(response.headers());
        return response;
    }

    private void mark(HttpHeaders response) {
        edge.manifest().headers().forEach(response::set);
        if (client.secure() && !response.contains(HSTS)) {
            edge.manifest().hsts().ifPresent(age -> response.set(HSTS, "max-age=" + age.toSeconds()));
        }
        headers.forEach(header -> response.set(header.getKey(), header.getValue()));
    }

    /** An error of the router's own, with what the app has to say about it. */
    FullHttpResponse failed(FullHttpResponse error, ErrorPage.Form form) {
        Map<String, String> pages = edge.policy().pages();
        String text = pages.getOrDefault(
                page, pages.get(Integer.toString(error.status().code())));
        FullHttpResponse shown = error;
        if (text != null && form != ErrorPage.Form.JSON) {
            shown = error.replace(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
            error.release();
            shown.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, ErrorPage.Form.HTML.contentType())
                    .set(HttpHeaderNames.CONTENT_LENGTH, shown.content().readableBytes());
        }
        mark(shown.headers());
        return shown;
    }

    // On the way back.

    /**
     * The head of the app's answer, framed for the client already.
     *
     * @param shared whether others may get the same
     */
    void head(HttpResponse response, boolean shared) {
        if (turn != null) {
            if (!shared) {
                turn.keepNothing();
            }
            stored = turn.head(response, Instant.now(), System.nanoTime()).orElse(null);
            if (stored != null) {
                takePlaceOf(response, stored);
                return;
            }
        }
        boolean compressible = isCompressible(response);
        if (compressible) {
            compress(response.headers());
        }
        if (turn != null) {
            turn.keep(response, compressible);
        }
        mark(response.headers());
    }

    private void takePlaceOf(HttpResponse response, FullHttpResponse instead) {
        HttpHeaders now = response.headers();
        String connection = now.get(HttpHeaderNames.CONNECTION, "");
        String id = now.get(ForwardedHeaders.REQUEST_ID, requestId);
        if (!response.status().equals(HttpResponseStatus.NOT_MODIFIED)) {
            // What stands in for an error has nothing of it.
            now.clear();
        }
        response.setStatus(instead.status());
        now.set(instead.headers());
        now.set(ForwardedHeaders.REQUEST_ID, id);
        if (!connection.isEmpty()) {
            now.set(HttpHeaderNames.CONNECTION, connection);
        }
        mark(now);
    }

    private boolean isCompressible(HttpResponse response) {
        HttpHeaders now = response.headers();
        int status = response.status().code();
        long length = HttpUtil.getContentLength(response, -1L);
        return !edge.codings().isEmpty()
                && status != HttpResponseStatus.NO_CONTENT.code()
                && status != HttpResponseStatus.PARTIAL_CONTENT.code()
                && status != HttpResponseStatus.NOT_MODIFIED.code()
                && (length < 0 || length >= Coding.BYTES_MIN)
                && !now.contains(HttpHeaderNames.CONTENT_ENCODING)
                && !now.contains("content-digest")
                && !now.contains("digest")
                && !now.contains(HttpHeaderNames.CONTENT_MD5)
                && !String.join(",", now.getAll(HttpHeaderNames.CACHE_CONTROL))
                        .toLowerCase(Locale.ROOT)
                        .contains("no-transform")
                && Coding.isCompressible(now.get(HttpHeaderNames.CONTENT_TYPE, ""));
    }

    private void compress(HttpHeaders now) {
        if (!now.containsValue(HttpHeaderNames.VARY, HttpHeaderNames.ACCEPT_ENCODING, true)
                && !now.contains(HttpHeaderNames.VARY, "*", true)) {
            now.add(HttpHeaderNames.VARY, "Accept-Encoding");
        }
        if (coding.isEmpty()) {
            return;
        }
        streaming = !now.contains(HttpHeaderNames.CONTENT_LENGTH);
        now.remove(HttpHeaderNames.CONTENT_LENGTH);
        now.remove(HttpHeaderNames.ACCEPT_RANGES);
        now.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        now.set(HttpHeaderNames.CONTENT_ENCODING, coding.get().token());
        String etag = now.get(HttpHeaderNames.ETAG, "");
        if (etag.startsWith("\"")) {
            now.set(HttpHeaderNames.ETAG, "W/" + etag);
        }
        if (!request.method().equals(HttpMethod.HEAD)) {
            encoder = BodyEncoder.of(coding.get());
        }
    }

    /** Sends what becomes of a part of the body; says how many bytes that are. */
    long body(HttpContent part) {
        boolean last = part instanceof LastHttpContent;
        if (stored != null) {
            return insteadOf(part, last);
        }
        if (encoder == null) {
            long bytes = part.content().readableBytes();
            if (turn != null) {
                turn.body(part.content());
            }
            end(last);
            client.write(part);
            return bytes;
        }
        long bytes = 0;
        try {
            if (part.content().isReadable()) {
                waiting = true;
                bytes += send(encoder.encode(part.content(), allocator()));
            }
            if (last) {
                bytes += send(encoder.finish(allocator()));
                end(true);
                client.write(
                        new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, ((LastHttpContent) part).trailingHeaders()));
            }
        } finally {
            part.release();
        }
        return bytes;
    }

    private long insteadOf(HttpContent part, boolean last) {
        part.release();
        FullHttpResponse instead = stored;
        if (!last || instead == null) {
            return 0;
        }
        stored = null;
        long bytes = instead.content().readableBytes();
        client.write(new DefaultLastHttpContent(instead.content()));
        return bytes;
    }

    private void end(boolean last) {
        if (last && turn != null) {
            turn.complete(System.nanoTime());
        }
    }

    private long send(ByteBuf bytes) {
        int count = bytes.readableBytes();
        if (count == 0) {
            bytes.release();
            return 0;
        }
        if (turn != null) {
            turn.body(bytes);
        }
        client.write(new DefaultHttpContent(bytes));
        return count;
    }

    /** Nothing more came for now: what is in the encoder goes out, where somebody may wait for it. */
    long flush() {
        if (encoder == null || !streaming || !waiting) {
            return 0;
        }
        waiting = false;
        return send(encoder.flush(allocator()));
    }

    private static ByteBufAllocator allocator() {
        return PooledByteBufAllocator.DEFAULT;
    }

    @Override
    public void close() {
        if (encoder != null) {
            encoder.close();
            encoder = null;
        }
        if (turn != null) {
            turn.close();
        }
        if (stored != null) {
            stored.release();
            stored = null;
        }
    }
}
