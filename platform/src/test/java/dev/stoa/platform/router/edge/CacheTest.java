package dev.stoa.platform.router.edge;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CacheTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final long SECOND = 1_000_000_000L;

    private final CacheBudget budget = new CacheBudget(10_000_000);
    private final ResponseCache cache = new ResponseCache(1_000_000, budget);
    private long nanos = 1000;

    private static HttpRequest request(String method, String headers) {
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.valueOf(method), "/");
        for (String line : headers.split("\\|", -1)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                request.headers()
                        .add(
                                line.substring(0, colon).trim(),
                                line.substring(colon + 1).trim());
            }
        }
        return request;
    }

    private String exchange(String url, String requestHeaders, int status, String responseHeaders, String body) {
        return exchange("GET", url, requestHeaders, status, responseHeaders, body);
    }

    /** What the client gets, with what the app would say if it were asked: {@code 200 body [cache-status]}. */
    private String exchange(
            String method, String url, String requestHeaders, int status, String responseHeaders, String body) {
        HttpRequest request = request(method, requestHeaders);
        try (CacheTurn turn = new CacheTurn(cache, request, false, url, "identity", () -> {})) {
            Optional<FullHttpResponse> hit = turn.answer(nanos);
            if (hit.isPresent()) {
                return shown(hit.get());
            }
            HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
            request("GET", responseHeaders)
                    .headers()
                    .forEach(header -> response.headers().add(header.getKey(), header.getValue()));
            Optional<FullHttpResponse> instead = turn.head(response, NOW, nanos);
            if (instead.isPresent()) {
                return shown(instead.get());
            }
            turn.keep(response, false);
            ByteBuf content = Unpooled.copiedBuffer(body, StandardCharsets.US_ASCII);
            turn.body(content);
            content.release();
            turn.complete(nanos);
            return "%d %s [%s]".formatted(status, body, response.headers().get("cache-status"));
        }
    }

    private static String shown(FullHttpResponse response) {
        String text = "%d %s [%s]"
                .formatted(
                        response.status().code(),
                        response.content().toString(StandardCharsets.US_ASCII),
                        response.headers().get("cache-status"));
        response.release();
        return text;
    }

    private boolean isKept(String requestHeaders, int status, String responseHeaders) {
        exchange("u", requestHeaders, status, responseHeaders, "one");
        return exchange("u", requestHeaders, status, responseHeaders, "two").contains(" one [stoa; hit");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "200; Cache-Control: max-age=60; true",
                "200; Cache-Control: MAX-AGE=60; true",
                "200; Cache-Control: public, max-age=60; true",
                "200; Cache-Control: max-age=\"60\"; true",
                "404; Cache-Control: max-age=60; true",
                "301; Cache-Control: max-age=60; true",
                "200; Cache-Control: s-maxage=60, max-age=0; true",
                "200; Expires: Thu, 01 Jan 2026 00:01:00 GMT; true",
                "200; Cache-Control: max-age=60|Vary: Accept; true",
                "200; Cache-Control: max-age=60, x=\"no-store, private\"; true",
                "200; ''; false",
                "200; ETag: \"a\"; false",
                "200; Cache-Control: max-age=60, no-store; false",
                "200; Cache-Control: max-age=60|Cache-Control: private; false",
                "200; Cache-Control: max-age=60, max-age=0; false",
                "200; Cache-Control: max-age=-1; false",
                "200; Cache-Control: max-age=; false",
                "200; Cache-Control: s-maxage=0, max-age=60; false",
                "200; Cache-Control: no-cache, max-age=60; false",
                "200; Cache-Control: max-age=60|Set-Cookie: a=b; false",
                "200; Cache-Control: max-age=60|Vary: *; false",
                "200; Cache-Control: max-age=60|Vary: Accept, *; false",
                "200; Cache-Control: max-age=60|Age: 60; false",
                "200; Cache-Control: max-age=60|Date: Wed, 31 Dec 2025 23:00:00 GMT; false",
                "200; Expires: 0; false",
                "200; Expires: Thu, 01 Jan 2026 00:01:00 GMT|Cache-Control: max-age=0; false",
                "206; Cache-Control: max-age=60|Content-Range: bytes 0-1/5; false",
                "500; Cache-Control: max-age=60; false",
                "503; Cache-Control: max-age=60; false",
            })
    void onlyWhatSaysSoIsKept(int status, String response, boolean kept) {
        assertThat(isKept("", status, response)).isEqualTo(kept);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "Cookie: a=b; max-age=60; true",
                "Authorization: Basic x; max-age=60; false",
                "Authorization: Basic x; max-age=60, public; true",
                "Authorization: Basic x; s-maxage=60; true",
                "Authorization: Basic x; max-age=60, must-revalidate; true",
                "Cache-Control: no-store; max-age=60; false",
                "Cache-Control: no-cache; max-age=60; false",
                "Pragma: no-cache; max-age=60; false",
                "Cache-Control: max-age=0; max-age=60; true",
                "Cache-Control: min-fresh=61; max-age=60; false",
                "Range: bytes=0-1; max-age=60; false",
                "If-Match: \"a\"; max-age=60; false",
            })
    void whatTheClientSaysIsObeyed(String request, String control, boolean kept) {
        assertThat(isKept(request, 200, "Cache-Control: " + control)).isEqualTo(kept);
    }

    @Test
    void anAnswerIsFreshAsLongAsItSays() {
        exchange("u", "", 200, "Cache-Control: max-age=60|Age: 10", "one");
        nanos += 49 * SECOND;
        assertThat(exchange("u", "", 200, "", "two")).isEqualTo("200 one [stoa; hit; ttl=1]");
        nanos += SECOND;
        assertThat(exchange("u", "", 200, "", "two")).isEqualTo("200 two [stoa; fwd=stale]");
    }

    @Test
    void anotherClientsHeadersGetAnotherAnswer() {
        String vary = "Cache-Control: max-age=60|Vary: Accept-Language, X-A";
        exchange("u", "Accept-Language: de", 200, vary, "eins");
        assertThat(exchange("u", "Accept-Language: en", 200, vary, "one"))
                .isEqualTo("200 one [stoa; fwd=vary-miss; stored]");
        assertThat(exchange("u", "Accept-Language: de", 200, vary, "x")).contains(" eins [stoa; hit");
        assertThat(exchange("u", "Accept-Language: en", 200, vary, "x")).contains(" one [stoa; hit");
        assertThat(exchange("u", "Accept-Language: en|X-A: 1", 200, vary, "x")).contains("vary-miss");
    }

    @Test
    void whatIsStaleIsAskedAbout() {
        exchange("u", "", 200, "Cache-Control: max-age=60|ETag: \"a\"", "one");
        nanos += 61 * SECOND;
        HttpRequest asking = request("GET", "If-None-Match: \"theirs\"");
        try (CacheTurn turn = new CacheTurn(cache, asking, false, "u", "identity", () -> {})) {
            assertThat(turn.answer(nanos)).isEmpty();
            assertThat(asking.headers().getAll("If-None-Match")).containsExactly("\"a\"");
        }
        assertThat(exchange("u", "", 304, "Cache-Control: max-age=100|ETag: \"a\"", ""))
                .isEqualTo("200 one [stoa; fwd=stale; fwd-status=304]");
        nanos += 99 * SECOND;
        assertThat(exchange("u", "", 500, "", "x")).isEqualTo("200 one [stoa; hit; ttl=1]");
        nanos += SECOND;
        assertThat(exchange("u", "", 200, "Cache-Control: max-age=9", "two"))
                .isEqualTo("200 two [stoa; fwd=stale; stored]");
    }

    @Test
    void whatMustBeAskedAboutAlwaysIs() {
        exchange("u", "", 200, "Cache-Control: no-cache|ETag: \"a\"", "one");
        assertThat(exchange("u", "", 304, "Cache-Control: no-cache", ""))
                .isEqualTo("200 one [stoa; fwd=stale; fwd-status=304]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "If-None-Match: \"a\"; 304",
                "If-None-Match: W/\"a\"; 304",
                "If-None-Match: \"x\", \"a\"; 304",
                "If-None-Match: *; 304",
                "If-None-Match: \"x\"; 200",
                "If-Modified-Since: Wed, 31 Dec 2025 00:00:00 GMT; 304",
                "If-Modified-Since: Tue, 30 Dec 2025 00:00:00 GMT; 200",
                "If-Modified-Since: yesterday; 200",
                "If-None-Match: \"x\"|If-Modified-Since: Wed, 31 Dec 2025 00:00:00 GMT; 200",
            })
    void aClientThatHasItIsToldSo(String condition, int status) {
        exchange(
                "u",
                "",
                200,
                "Cache-Control: max-age=60|ETag: \"a\"|Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT",
                "one");
        assertThat(exchange("u", condition, 500, "", "x")).startsWith(status + (status == 304 ? "  [" : " one ["));
    }

    @ParameterizedTest
    @CsvSource({"POST, 200, false", "PUT, 204, false", "DELETE, 302, false", "POST, 500, true", "OPTIONS, 200, true"})
    void aChangeMakesItForget(String method, int status, boolean kept) {
        exchange("u", "", 200, "Cache-Control: max-age=60", "one");
        exchange(method, "u", "", status, "", "done");
        assertThat(exchange("u", "", 200, "", "two").contains(" one [")).isEqualTo(kept);
    }

    @Test
    void aHeadIsAnsweredFromWhatIsKeptForGetAndKeptForNobody() {
        exchange("HEAD", "u", "", 200, "Cache-Control: max-age=60", "");
        assertThat(exchange("u", "", 200, "Cache-Control: max-age=60", "one")).contains("uri-miss");
        assertThat(exchange("HEAD", "u", "", 500, "", "")).startsWith("200  [stoa; hit");
    }

    @Test
    void whatWasAskedForLongestAgoGoesFirst() {
        String body = "x".repeat(100_000);
        for (int i = 0; i < 9; i++) {
            exchange("u" + i, "", 200, "Cache-Control: max-age=60", body);
        }
        exchange("u0", "", 500, "", "");
        exchange("u9", "", 200, "Cache-Control: max-age=60", body);
        assertThat(exchange("u0", "", 500, "", "")).contains("hit");
        assertThat(exchange("u1", "", 500, "", "")).contains("uri-miss");
    }

    @Test
    void allMemoryIsGivenBack() {
        for (int i = 0; i < 50; i++) {
            exchange("u" + i % 20, "A: " + i, 200, "Cache-Control: max-age=60|Vary: A", "x".repeat(50_000));
        }
        exchange("large", "", 200, "Cache-Control: max-age=60", "x".repeat(200_000));
        assertThat(cache.knows("large")).isFalse();
        assertThat(budget.usedBytes()).isBetween(500_000L, 1_000_000L);

        cache.close();
        assertThat(budget.usedBytes()).isZero();
        exchange("late", "", 200, "Cache-Control: max-age=60", "x");
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void allCachesTogetherHaveTheirLimit() {
        CacheBudget small = new CacheBudget(150_000);
        try (ResponseCache one = new ResponseCache(1_000_000, small);
                ResponseCache other = new ResponseCache(1_000_000, small)) {
            one.put("a", answer(100_000));
            other.put("b", answer(100_000));
            assertThat(other.knows("b")).isFalse();
            one.put("c", answer(100_000));
            assertThat(one.knows("a")).isFalse();
            assertThat(one.knows("c")).isTrue();
            assertThat(small.usedBytes()).isLessThan(150_000);
        }
        assertThat(small.usedBytes()).isZero();
    }

    @Test
    void whatIsStaleStandsInForAnErrorForAsLongAsItSays() {
        exchange("e", "", 200, "cache-control: max-age=10, stale-if-error=60", "old");
        nanos += 20 * SECOND;
        assertThat(exchange("e", "", 503, "", "down")).isEqualTo("200 old [stoa; fwd=stale; fwd-status=503]");
        assertThat(exchange("e", "", 404, "", "gone")).startsWith("404 gone");
        exchange("e", "", 200, "cache-control: max-age=10, stale-if-error=60", "old");
        nanos += 80 * SECOND;
        assertThat(exchange("e", "", 503, "", "down")).startsWith("503 down");
    }

    @ParameterizedTest
    @CsvSource({
        "'max-age=1, stale-if-error=60, must-revalidate',   '',                      503",
        "'max-age=1, stale-if-error=60, proxy-revalidate',  '',                      503",
        "'max-age=1, stale-if-error=60',                    cache-control: no-cache, 503",
        "'s-maxage=1, stale-if-error=60',                   '',                      200",
        "'max-age=1, stale-while-revalidate=60',            '',                      200",
        "'max-age=1, stale-while-revalidate=60',            cache-control: no-cache, 503",
        "'max-age=1, stale-while-revalidate=5',             '',                      503",
        "'max-age=1, stale-while-revalidate=60, must-revalidate', '',                503",
    })
    void nothingStaleStandsInWhereSomebodyForbidsIt(String control, String request, int status) {
        exchange("f", "", 200, "cache-control: " + control, "old");
        nanos += 20 * SECOND;
        assertThat(exchange("f", request, 503, "", "down")).startsWith(status + " ");
    }

    @Test
    void aStaleAnswerIsGivenAtOnceAndOneTurnAsksForAFreshOne() {
        String control = "cache-control: max-age=10, stale-while-revalidate=60|etag: \"a\"";
        exchange("w", "", 200, control, "old");
        nanos += 20 * SECOND;
        HttpRequest asking = request("GET", "if-none-match: \"b\"");
        CacheTurn first = new CacheTurn(cache, asking, false, "w", "identity", () -> {});
        assertThat(first.answer(nanos).map(CacheTest::shown)).hasValue("200 old [stoa; hit; ttl=-10]");
        assertThat(first.refreshes()).isTrue();
        try (CacheTurn refresh = CacheTurn.refreshing(first, asking)) {
            first.close();
            assertThat(asking.headers().get("if-none-match")).isEqualTo("\"a\"");
            try (CacheTurn second = turn("w", "", () -> {})) {
                assertThat(second.answer(nanos).map(CacheTest::shown)).isPresent();
                assertThat(second.refreshes()).isFalse();
            }
            HttpResponse still = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.NOT_MODIFIED);
            assertThat(refresh.head(still, NOW, nanos).map(CacheTest::shown)).isPresent();
        }
        assertThat(exchange("w", "", 503, "", "")).isEqualTo("200 old [stoa; hit; ttl=10]");
    }

    private CacheTurn turn(String url, String headers, Runnable wake) {
        return new CacheTurn(cache, request("GET", headers), false, url, "identity", wake);
    }

    /** What the app says to a turn that went to it. */
    private void answered(CacheTurn turn, int status, String headers) {
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
        request("GET", headers).headers().forEach(header -> response.headers().add(header.getKey(), header.getValue()));
        assertThat(turn.head(response, NOW, nanos)).isEmpty();
        turn.keep(response, false);
        turn.complete(nanos);
    }

    @Test
    void ofThoseWhoWantTheSameOneAsksAndTheOthersLookAgain() {
        AtomicInteger woken = new AtomicInteger();
        try (CacheTurn first = turn("c", "", () -> {});
                CacheTurn second = turn("c", "", woken::incrementAndGet);
                CacheTurn named = turn("c", "authorization: x", () -> {})) {
            assertThat(first.answer(nanos)).isEmpty();
            assertThat(first.waits()).isFalse();
            assertThat(second.answer(nanos)).isEmpty();
            assertThat(second.waits()).isTrue();
            assertThat(named.answer(nanos)).isEmpty();
            assertThat(named.waits()).isFalse();

            answered(first, 200, "cache-control: max-age=60");
            assertThat(woken).hasValue(1);
            assertThat(second.answer(nanos).map(CacheTest::shown)).hasValue("200  [stoa; hit; ttl=60]");
        }
    }

    @Test
    void whoWaitedForNothingAsksItselfAndForAWhileNobodyWaitsForWhatIsNotKept() {
        AtomicInteger woken = new AtomicInteger();
        CacheTurn left = turn("d", "", () -> {});
        try (CacheTurn second = turn("d", "", woken::incrementAndGet);
                CacheTurn third = turn("d", "", woken::incrementAndGet)) {
            left.answer(nanos);
            second.answer(nanos);
            third.answer(nanos);
            left.close();
            assertThat(woken).hasValue(2);
            assertThat(second.answer(nanos)).isEmpty();
            assertThat(second.waits()).isFalse();
            assertThat(third.answer(nanos)).isEmpty();
            assertThat(third.waits()).isTrue();

            answered(second, 200, "cache-control: private");
            assertThat(woken).hasValue(3);
            assertThat(third.answer(nanos)).isEmpty();
            assertThat(third.waits()).isFalse();
            try (CacheTurn fourth = turn("d", "", () -> {})) {
                fourth.answer(nanos);
                assertThat(fourth.waits()).isFalse();
            }
        }
    }

    @Test
    void whatACanaryAnswersIsKeptForNobody() {
        try (CacheTurn turn = turn("k", "", () -> {})) {
            turn.answer(nanos);
            turn.keepNothing();
            answered(turn, 200, "cache-control: max-age=60");
        }
        assertThat(exchange("k", "", 200, "cache-control: max-age=60", "other")).startsWith("200 other");
    }

    private static StoredAnswer answer(int bytes) {
        return new StoredAnswer(
                200,
                java.util.List.of(),
                Unpooled.directBuffer(bytes).writeZero(bytes),
                "",
                java.util.Map.of(),
                "",
                "",
                60,
                StoredAnswer.Spare.NONE,
                0,
                0,
                false);
    }
}
