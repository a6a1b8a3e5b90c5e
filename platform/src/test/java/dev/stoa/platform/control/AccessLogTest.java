package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.LogLine;
import dev.stoa.platform.observe.LogQuery;
import dev.stoa.platform.observe.LogStore;
import dev.stoa.platform.router.FinishedRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessLogTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    Path directory;

    private LogStore logs;
    private AccessLog log;

    @BeforeEach
    void open() {
        logs = new LogStore(directory);
        log = new AccessLog(logs, () -> NOW);
        logs.append("shop", new LogLine(NOW, "stoa", "v1 serves now"));
    }

    private static FinishedRequest request(String app, String path, int status, String error, boolean logged) {
        return new FinishedRequest(
                app,
                "shop.localhost",
                "GET",
                path,
                status,
                Duration.ofMillis(1),
                Duration.ofMillis(12),
                5120,
                status == 200 ? "web.1" : "",
                InetAddress.ofLiteral("203.0.113.7"),
                true,
                "abcdefgh",
                error,
                logged);
    }

    private List<String> lines(String app) {
        return logs.read(app, new LogQuery(100_000, Optional.empty(), Optional.empty(), Optional.of("router"))).stream()
                .map(LogLine::text)
                .toList();
    }

    @Test
    void aRequestIsALine() {
        log.finished(request("shop", "/cart", 200, "", true));

        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(lines("shop"))
                        .containsExactly("at=info method=GET path=\"/cart\" host=shop.localhost request_id=abcdefgh"
                                + " fwd=\"203.0.113.7\" instance=web.1 connect=1ms service=12ms status=200 bytes=5120"
                                + " protocol=https"));
    }

    @Test
    void anErrorSaysWhich() {
        assertThat(AccessLog.line(request("shop", "/", 502, "upstream_closed", true)))
                .startsWith("at=error code=upstream_closed method=GET")
                .contains(" instance=- ");
        assertThat(AccessLog.line(request("shop", "/", 429, "rate_limited", true)))
                .startsWith("at=warn code=rate_limited");
    }

    @Test
    void aPathCannotForgeALine() {
        assertThat(AccessLog.line(request("shop", "/a\" status=200 \\\n\u00ff\u0001", 200, "", true)))
                .contains("path=\"/a\\\" status=200 \\\\\\x0a\\xff\\x01\" host");
        assertThat(AccessLog.line(
                        request("shop", "/" + "a".repeat(5000), 200, "", true).cut(1000)))
                .hasSizeLessThan(1300)
                .contains("aaa…\"");
    }

    @Test
    void whoeverWantsNoLinesOrIsGoneGetsNone() {
        log.finished(request("shop", "/", 200, "", false));
        log.finished(request("", "/", 404, "no_app", true));
        log.finished(request("gone", "/", 200, "", true));
        log.write();

        assertThat(lines("shop")).isEmpty();
        assertThat(directory.resolve("gone")).doesNotExist();
    }

    @Test
    void whatComesTooFastIsCounted() {
        LogStore quiet = new LogStore(directory);
        AccessLog slow = new AccessLog(AccessLog.into(quiet), () -> NOW, Duration.ofDays(1));
        for (int i = 0; i < AccessLog.WAITING_MAX + 7; i++) {
            slow.finished(request("shop", "/", 200, "", true));
        }
        slow.write();

        assertThat(lines("shop"))
                .hasSize(AccessLog.WAITING_MAX + 1)
                .last()
                .asString()
                .startsWith("at=warn dropped=7 ");
    }

    /** The logs may be a platform in another process, which is away for a while. */
    @Test
    void linesWaitForLogsThatAreAwayAndWhatDoesNotFitIsCounted() {
        AtomicBoolean away = new AtomicBoolean(true);
        AtomicInteger batches = new AtomicInteger();
        AccessLog far = new AccessLog(
                apps -> {
                    assertThat(apps.values())
                            .allSatisfy(lines -> assertThat(lines).hasSizeLessThanOrEqualTo(AccessLog.BATCH_MAX + 1));
                    if (away.get()) {
                        throw new IOException("away");
                    }
                    batches.incrementAndGet();
                    AccessLog.into(logs).take(apps);
                },
                () -> NOW,
                Duration.ofDays(1));
        int fits = AccessLog.BATCH_MAX + AccessLog.WAITING_MAX;
        for (int i = 0; i < AccessLog.BATCH_MAX; i++) {
            far.finished(request("shop", "/" + i, 200, "", true));
        }
        far.write();
        for (int i = AccessLog.BATCH_MAX; i < fits + 5; i++) {
            far.finished(request("shop", "/" + i, 200, "", true));
        }
        far.write();
        assertThat(lines("shop")).isEmpty();

        away.set(false);
        far.write();
        assertThat(lines("shop")).hasSize(fits + 1);
        assertThat(lines("shop").stream().filter(line -> line.contains("path=")))
                .hasSize(fits)
                .first()
                .asString()
                .contains("path=\"/0\"");
        assertThat(lines("shop"))
                .filteredOn(line -> line.startsWith("at=warn dropped=5 "))
                .hasSize(1);
        // The one that waited, those of the queue, and the count.
        assertThat(batches).hasValue(1 + AccessLog.WAITING_MAX / AccessLog.BATCH_MAX + 1);
    }
}
