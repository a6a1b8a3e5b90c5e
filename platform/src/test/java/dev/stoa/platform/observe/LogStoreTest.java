package dev.stoa.platform.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.LogLine;
import dev.stoa.platform.base.Threads;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogStoreTest {
    private static final Instant TEN = Instant.parse("2026-01-01T10:00:00.000001Z");

    @TempDir
    private Path directory;

    private LogStore store = new LogStore(Path.of("."));

    @BeforeEach
    void open() {
        store = new LogStore(directory.resolve("logs"));
    }

    @Test
    void linesComeBackAsTheyWereWhateverIsInThem() {
        LogLine strange = new LogLine(TEN, "web.1", "tab\there, back\\slash, two\nlines\r and ünïcode");
        store.append("shop", strange);
        assertThat(store.read("shop", last(10))).containsExactly(strange);
    }

    @Test
    void theLastLinesThatMatchAreRead() {
        for (int i = 0; i < 10; i++) {
            store.append("shop", new LogLine(TEN.plusSeconds(i), i % 2 == 0 ? "web.1" : "worker.1", "line " + i));
        }
        assertThat(store.read("shop", last(2))).extracting(LogLine::text).containsExactly("line 8", "line 9");
        assertThat(store.read("shop", new LogQuery(2, Optional.empty(), Optional.empty(), Optional.of("web"))))
                .extracting(LogLine::text)
                .containsExactly("line 6", "line 8");
        assertThat(store.read("shop", new LogQuery(9, Optional.empty(), Optional.of("3"), Optional.empty())))
                .extracting(LogLine::text)
                .containsExactly("line 3");
        assertThat(store.read(
                        "shop", new LogQuery(9, Optional.of(TEN.plusSeconds(8)), Optional.empty(), Optional.empty())))
                .hasSize(2);
    }

    @Test
    void theOldestSegmentsGoWhenTheLogIsFull() {
        LogStore small = new LogStore(directory.resolve("small"), 1000, 3);
        for (int i = 0; i < 1000; i++) {
            small.append("shop", new LogLine(TEN, "web.1", "line " + i));
        }
        List<LogLine> kept = small.read("shop", last(1000));
        assertThat(kept.getLast().text()).isEqualTo("line 999");
        assertThat(small.sizeBytes("shop")).isBetween(2000L, 4000L);
        assertThat(kept).hasSizeLessThan(150);
    }

    @Test
    void aTornLastRecordIsCutOffAndTheNextLineIsWhole() throws Exception {
        store.append("shop", new LogLine(TEN, "web.1", "whole"));
        Path segment = directory.resolve("logs/shop/00000001.log");
        Files.writeString(segment, "17672", StandardOpenOption.APPEND);
        LogStore again = new LogStore(directory.resolve("logs"));
        again.append("shop", new LogLine(TEN, "web.1", "next"));
        assertThat(again.read("shop", last(10))).extracting(LogLine::text).containsExactly("whole", "next");
    }

    @Test
    void whoFollowsALogThatIsDeletedIsToldAllThatCameAndThenComesBack() throws Exception {
        store.append("shop", new LogLine(TEN, "web.1", "before"));
        CopyOnWriteArrayList<String> heard = new CopyOnWriteArrayList<>();
        Thread follower = Threads.start("follower", () -> {
            try {
                store.follow("shop", last(10), line -> heard.add(line.text()));
            } catch (InterruptedException e) {
                heard.add("interrupted");
            }
        });
        await().until(() -> {
            store.append("shop", new LogLine(TEN, "web.1", "after"));
            return heard.contains("after");
        });
        store.delete("shop");
        follower.join();
        assertThat(heard).contains("before", "after").doesNotContain("interrupted");
    }

    @Test
    void followingTellsTheLastLinesAndThenEachOneWithoutAGap() throws Exception {
        CopyOnWriteArrayList<String> heard = new CopyOnWriteArrayList<>();
        Thread writer = Threads.start("writer", () -> {
            for (int i = 0; i < 5000; i++) {
                store.append("shop", new LogLine(TEN, "web.1", "line " + i));
            }
        });
        Thread follower = Threads.start("follower", () -> {
            try {
                store.follow("shop", last(10_000), line -> heard.add(line.text()));
            } catch (InterruptedException e) {
                heard.add("interrupted");
            }
        });
        writer.join();
        await().until(() -> heard.size() == 5000);
        follower.interrupt();
        follower.join();
        assertThat(heard)
                .containsExactlyElementsOf(IntStream.rangeClosed(0, 5000)
                        .mapToObj(i -> i < 5000 ? "line " + i : "interrupted")
                        .toList());
    }

    @Test
    void whatAnInstanceWritesIsCollectedAsItComes() throws Exception {
        Path output = Files.createFile(directory.resolve("output"));
        try (LogCollector collector = new LogCollector(store, InstantSource.fixed(TEN))) {
            collector.attach("shop", "web.1", "i1", output);
            Files.writeString(output, "first\nsecond\n", StandardOpenOption.APPEND);
            await().untilAsserted(() -> assertThat(store.read("shop", last(10)))
                    .containsExactly(new LogLine(TEN, "web.1", "first"), new LogLine(TEN, "web.1", "second")));
            Files.writeString(output, "no line end", StandardOpenOption.APPEND);
            collector.detach("i1");
            assertThat(store.read("shop", last(1))).extracting(LogLine::text).containsExactly("no line end");
        }
    }

    @Test
    void collectionGoesOnWhereAKilledPlatformHadCome() throws Exception {
        Path output = Files.createFile(directory.resolve("output"));
        Files.writeString(output, "one\ntwo\nthr", StandardOpenOption.APPEND);
        LogCollector killed = new LogCollector(store, InstantSource.fixed(TEN));
        killed.attach("shop", "web.1", "i1", output);
        killed.close();
        Path segment = directory.resolve("logs/shop/00000001.log");
        byte[] bytes = Files.readAllBytes(segment);
        Files.write(segment, java.util.Arrays.copyOf(bytes, bytes.length - 4)); // the record of "two" is torn
        Files.writeString(output, "ee\nfour\n", StandardOpenOption.APPEND);

        LogStore again = new LogStore(directory.resolve("logs"));
        try (LogCollector collector = new LogCollector(again, InstantSource.fixed(TEN))) {
            collector.attach("shop", "web.1", "i1", output);
            assertThat(again.read("shop", new LogQuery(10, Optional.empty(), Optional.empty(), Optional.of("web"))))
                    .extracting(LogLine::text)
                    .containsExactly("one", "two", "three", "four");
        }
    }

    @Test
    void theTailOfAnOutputIsItsLastLines() throws Exception {
        Path output = directory.resolve("output");
        Files.write(output, "a\nb\nc\nd".getBytes(StandardCharsets.UTF_8));
        assertThat(LogCollector.tail(output, 2)).containsExactly("c", "d");
        assertThat(LogCollector.tail(directory.resolve("none"), 2)).isEmpty();
    }

    private static LogQuery last(int lines) {
        return new LogQuery(lines, Optional.empty(), Optional.empty(), Optional.empty());
    }
}
