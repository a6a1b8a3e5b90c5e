package dev.stoa.platform.router.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One request and the cache of its app: answers it from there, or asks the app whether what is there still holds, or keeps what the
 * app answers. Says in {@code Cache-Status} (RFC 9211) what it did. Has to be closed; what is not complete by then is not kept.
 */
public final class CacheTurn implements AutoCloseable {
    private static final String CACHE_STATUS = "cache-status";

    /** What belongs to the way of an answer, or is made anew for each client. */
    private static final Set<String> NOT_KEPT = Set.of(
            "age", "cache-status", "connection", "content-length", "keep-alive", "transfer-encoding", "x-request-id");

    /** What a 304 does not change, since the body that it speaks of may have been compressed here. */
    private static final Set<String> NOT_REFRESHED =
            Set.of("content-encoding", "content-type", "content-range", "etag", "vary");

    private static final int COLLECTED_BYTES = 16_384;

    private final ResponseCache cache;
    private final HttpRequest request;
    private final String url;
    private final String coding;
    private final String key;
    private final Runnable wake;
    private final boolean forCache;
    private final boolean toHead;
    private boolean leads;
    private boolean waits;
    private boolean refreshes;
    private boolean alone;
    private boolean asked;
    private boolean standsIn;
    private boolean shared = true;
    private String why;
    private Map<String, String> conditions = Map.of();
    private ResponseCache.@Nullable Found found;
    private CacheRules.@Nullable Terms terms;
    private String etag = "";
    private @Nullable Collected collected;

    /** An answer on its way into the cache. */
    private record Collected(
            int status, List<Map.Entry<String, String>> headers, String coding, String lastModified, ByteBuf body) {}

    /**
     * @param url    of the request, with scheme and host
     * @param coding that the client would get for a body that can be compressed; {@code identity}: none
     * @param wake   is run, with any thread, when a turn that waits is to look again
     */
    public CacheTurn(
            ResponseCache cache, HttpRequest request, boolean hasBody, String url, String coding, Runnable wake) {
        this.cache = cache;
        this.request = request;
        this.url = url;
        this.coding = coding;
        this.key = coding + " " + url;
        this.wake = wake;
        this.toHead = request.method().equals(HttpMethod.HEAD);
        this.forCache = CacheRules.isForCache(request, hasBody);
        boolean reads = toHead || request.method().equals(HttpMethod.GET);
        this.why = reads ? "fwd=bypass" : "fwd=method";
    }

    /**
     * Takes the place of a turn that answered with what {@link #refreshes}.
     *
     * @param request for the app alone
     */
    public static CacheTurn refreshing(CacheTurn answered, HttpRequest request) {
        CacheTurn turn = new CacheTurn(answered.cache, request, false, answered.url, answered.coding, answered.wake);
        turn.leads = answered.leads;
        answered.leads = false;
        turn.alone = true;
        turn.why = "fwd=stale";
        turn.found = turn.cache.find(turn.url, request.headers(), turn.coding).orElse(null);
        request.headers().remove(HttpHeaderNames.IF_NONE_MATCH).remove(HttpHeaderNames.IF_MODIFIED_SINCE);
        if (turn.found != null && turn.found.answer().canBeAskedFor()) {
            turn.askFor(turn.found.answer());
        }
        return turn;
    }

    /** Whether another request is on the way for the same: there is no answer yet, and it is not to be asked for. */
    public boolean waits() {
        return waits;
    }

    /** From now on it waits for nobody. */
    public void waitNoMore() {
        alone = true;
    }

    /** Whether the answer was stale, and somebody has to ask for a fresh one now. */
    public boolean refreshes() {
        return refreshes;
    }

    /** What the app answers is for this client alone. */
    public void keepNothing() {
        shared = false;
    }

    /** The answer, if there is one that may be given; if there is one that has to be asked for, the request does so. */
    public Optional<FullHttpResponse> answer(long nowNanos) {
        waits = false;
        if (!forCache) {
            return Optional.empty();
        }
        ResponseCache.Found stored = cache.find(url, request.headers(), coding).orElse(null);
        if (stored == null) {
            why = cache.knows(url) ? "fwd=vary-miss" : "fwd=uri-miss";
            join(nowNanos);
            return Optional.empty();
        }
        found = stored;
        StoredAnswer answer = stored.answer();
        long fresh = answer.freshSeconds(nowNanos);
        boolean holds = !answer.alwaysAsk() && fresh > 0;
        boolean takes = CacheRules.takes(request.headers(), answer.age(nowNanos), Math.max(0, fresh));
        if (takes && (holds || answer.standsInWhileAsking(nowNanos))) {
            conditions = CacheRules.conditions(request.headers());
            refreshes = !holds && cache.flights().lead(key);
            leads = refreshes;
            return Optional.of(answer(answer, stored.body(), nowNanos, "hit; ttl=" + fresh));
        }
        why = holds ? "fwd=request" : "fwd=stale";
        if (takes && join(nowNanos)) {
            dropFound();
            return Optional.empty();
        }
        standsIn = takes && answer.standsInOnError(nowNanos);
        if (answer.canBeAskedFor()) {
            askFor(answer);
        } else if (!standsIn) {
            dropFound();
        }
        return Optional.empty();
    }

    /** Whether it has to wait. Who shows who he is mostly gets an answer of his own, and HEAD brings nothing to keep. */
    private boolean join(long nowNanos) {
        if (!alone && !toHead && !request.headers().contains(HttpHeaderNames.AUTHORIZATION)) {
            Flights.Part part = cache.flights().join(key, wake, nowNanos);
            leads = part == Flights.Part.LEADS;
            waits = part == Flights.Part.WAITS;
        }
        return waits;
    }

    private void land() {
        if (leads) {
            leads = false;
            cache.flights().land(key);
        }
    }

    /** What there is, though stale, where the app has failed and lets that stand in. */
    public Optional<FullHttpResponse> insteadOfError(long nowNanos) {
        return found != null && standsIn
                ? Optional.of(answer(found.answer(), found.body(), nowNanos, why))
                : Optional.empty();
    }

    private void askFor(StoredAnswer answer) {
        HttpHeaders headers = request.headers();
        asked = true;
        conditions = CacheRules.conditions(headers);
        headers.remove(HttpHeaderNames.IF_NONE_MATCH);
        headers.remove(HttpHeaderNames.IF_MODIFIED_SINCE);
        if (!answer.etag().isEmpty()) {
            headers.set(HttpHeaderNames.IF_NONE_MATCH, answer.etag());
        }
        if (!answer.lastModified().isEmpty()) {
            headers.set(HttpHeaderNames.IF_MODIFIED_SINCE, answer.lastModified());
        }
    }

    /**
     * Looks at the app's answer before anything is done to it. Where the app says that what is stored still holds, the answer to send
     * in place of its own comes back.
     */
    public Optional<FullHttpResponse> head(HttpResponse response, Instant now, long nowNanos) {
        int status = response.status().code();
        if (CacheRules.changes(request.method(), status)) {
            cache.forget(url);
        }
        if (!forCache) {
            return Optional.empty();
        }
        if (found != null && standsIn && CacheRules.isError(status)) {
            return Optional.of(answer(found.answer(), found.body(), nowNanos, why + "; fwd-status=" + status));
        }
        if (found != null && asked && status == HttpResponseStatus.NOT_MODIFIED.code()) {
            StoredAnswer fresh = shared ? refreshed(found.answer(), response.headers(), now, nowNanos) : found.answer();
            return Optional.of(answer(fresh, found.body(), nowNanos, why + "; fwd-status=304"));
        }
        dropFound();
        if (!toHead && shared) {
            terms = CacheRules.terms(request.headers(), status, response.headers(), now)
                    .orElse(null);
            etag = response.headers().get(HttpHeaderNames.ETAG, "");
            if (terms == null && leads && status < 500) {
                cache.flights().notKept(key, nowNanos);
            }
        }
        if (terms == null) {
            land();
        }
        return Optional.empty();
    }

    private StoredAnswer refreshed(StoredAnswer old, HttpHeaders news, Instant now, long nowNanos) {
        DefaultHttpHeaders headers = new DefaultHttpHeaders();
        old.headers().forEach(header -> headers.add(header.getKey(), header.getValue()));
        for (String name : news.names()) {
            String lower = name.toLowerCase(Locale.ROOT);
            if (!NOT_KEPT.contains(lower) && !NOT_REFRESHED.contains(lower)) {
                headers.set(name, news.getAll(name));
            }
        }
        CacheRules.Terms renewed = CacheRules.terms(request.headers(), old.status(), withAge(headers, news), now)
                .orElse(null);
        if (renewed == null) {
            cache.forget(url);
            return old;
        }
        StoredAnswer fresh = new StoredAnswer(
                old.status(),
                headers.entries(),
                old.body(),
                old.coding(),
                old.vary(),
                old.etag(),
                old.lastModified(),
                renewed.life(),
                renewed.spare(),
                renewed.ageSeconds(),
                nowNanos,
                renewed.alwaysAsk());
        cache.refresh(url, old, fresh);
        return fresh;
    }

    private static HttpHeaders withAge(HttpHeaders headers, HttpHeaders news) {
        HttpHeaders all = headers.copy();
        all.set(HttpHeaderNames.AGE, news.get(HttpHeaderNames.AGE, "0"));
        return all;
    }

    /**
     * Begins to keep the answer, if it may be kept, as the client gets it but for what the way adds.
     *
     * @param compressible whether another client may get it in another coding
     */
    public void keep(HttpResponse response, boolean compressible) {
        HttpHeaders headers = response.headers();
        boolean kept = terms != null && HttpUtil.getContentLength(response, 0L) <= cache.answerBytesMax();
        headers.add(CACHE_STATUS, "stoa; " + why + (kept ? "; stored" : ""));
        if (!kept) {
            land();
            return;
        }
        List<Map.Entry<String, String>> lines = new ArrayList<>();
        for (Map.Entry<String, String> header : headers) {
            if (!NOT_KEPT.contains(header.getKey().toLowerCase(Locale.ROOT))) {
                lines.add(Map.entry(header.getKey(), header.getValue()));
            }
        }
        if (!cache.take(COLLECTED_BYTES)) {
            land();
            return;
        }
        collected = new Collected(
                response.status().code(),
                lines,
                compressible ? coding : "",
                headers.get(HttpHeaderNames.LAST_MODIFIED, ""),
                Unpooled.directBuffer(COLLECTED_BYTES));
    }

    /** A piece of the body as it goes to the client; it stays the caller's. */
    public void body(ByteBuf piece) {
        if (collected == null) {
            return;
        }
        if (makeRoom(collected.body, piece.readableBytes())) {
            collected.body.writeBytes(piece, piece.readerIndex(), piece.readableBytes());
        } else {
            dropCollected();
            land();
        }
    }

    /** Answers that are on their way count, too, so that many at once do not take all the memory there is. */
    private boolean makeRoom(ByteBuf body, int bytes) {
        long needed = (long) body.readableBytes() + bytes;
        if (needed <= body.capacity()) {
            return true;
        }
        long grown = Math.max(needed, Math.min(2L * body.capacity(), cache.answerBytesMax()));
        if (grown > cache.answerBytesMax() || !cache.take(grown - body.capacity())) {
            return false;
        }
        body.capacity((int) grown);
        return true;
    }

    /** The whole answer went through. */
    public void complete(long nowNanos) {
        Collected whole = collected;
        CacheRules.Terms kept = terms;
        collected = null;
        if (whole == null || kept == null) {
            return;
        }
        ByteBuf body = whole.body;
        cache.giveBack(body.capacity());
        if (body.capacity() > body.readableBytes()) {
            body.capacity(body.readableBytes());
        }
        cache.flights().kept(key);
        cache.put(
                url,
                new StoredAnswer(
                        whole.status,
                        whole.headers,
                        body,
                        whole.coding,
                        kept.vary(),
                        etag,
                        whole.lastModified,
                        kept.life(),
                        kept.spare(),
                        kept.ageSeconds(),
                        nowNanos,
                        kept.alwaysAsk()));
        land();
    }

    private FullHttpResponse answer(StoredAnswer stored, ByteBuf body, long nowNanos, String did) {
        boolean notModified = stored.status() == 200 && CacheRules.isNotModified(conditions, stored);
        boolean empty = notModified || toHead || stored.status() == 204;
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                notModified ? HttpResponseStatus.NOT_MODIFIED : HttpResponseStatus.valueOf(stored.status()),
                empty ? Unpooled.EMPTY_BUFFER : body.retainedDuplicate());
        HttpHeaders headers = response.headers();
        for (Map.Entry<String, String> header : stored.headers()) {
            boolean ofTheBody = header.getKey().regionMatches(true, 0, "content-", 0, 8);
            if (!(notModified && ofTheBody)) {
                headers.add(header.getKey(), header.getValue());
            }
        }
        if (!notModified && stored.status() != 204) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        }
        headers.set(HttpHeaderNames.AGE, stored.age(nowNanos));
        headers.add(CACHE_STATUS, "stoa; " + did);
        return response;
    }

    private void dropFound() {
        if (found != null) {
            found.body().release();
            found = null;
        }
    }

    private void dropCollected() {
        if (collected != null) {
            cache.giveBack(collected.body.capacity());
            collected.body.release();
            collected = null;
        }
    }

    @Override
    public void close() {
        dropFound();
        dropCollected();
        land();
    }
}
