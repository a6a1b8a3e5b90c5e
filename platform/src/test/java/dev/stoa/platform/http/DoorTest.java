package dev.stoa.platform.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stoa.platform.base.Threads;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients of the API while one server follows another. */
class DoorTest {
    private final Door door = Door.listen("127.0.0.1", 0, OptionalInt.empty());
    private final AtomicInteger asked = new AtomicInteger();
    private final CountDownLatch mayAnswer = new CountDownLatch(1);

    @AfterEach
    void close() {
        mayAnswer.countDown();
        door.close();
    }

    @Test
    void whoHasAskedIsAnsweredBeforeTheServerMayGoAndWhoComesThenWaitsForTheNext() throws Exception {
        try (ApiServer first = server("first")) {
            first.start();
            door.open(first.port());
            CompletableFuture<@Nullable String> early = ask();
            await().until(() -> asked.get() == 1);
            CompletableFuture<Void> shut = new CompletableFuture<>();
            Threads.start("shut", () -> {
                door.shut();
                shut.complete(null);
            });
            assertThat(shut).isNotDone();
            mayAnswer.countDown();
            assertThat(early.join()).isEqualTo("\"first\"");
            shut.join();
        }
        CompletableFuture<@Nullable String> late = ask();
        CompletableFuture<@Nullable String> later = ask();
        try (ApiServer second = server("second")) {
            second.start();
            door.open(second.port());
            assertThat(late.join()).isEqualTo("\"second\"");
            assertThat(later.join()).isEqualTo("\"second\"");
        }
    }

    @Test
    void aConnectionThatWasAnsweredAndIsKeptHoldsNothingUp() throws Exception {
        mayAnswer.countDown();
        try (ApiServer server = server("only");
                Socket kept = new Socket("127.0.0.1", door.port())) {
            server.start();
            door.open(server.port());
            kept.getOutputStream()
                    .write("GET /v1/name HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(kept.getInputStream().read()).isEqualTo('H');
            assertThat(CompletableFuture.runAsync(door::shut)).succeedsWithin(Duration.ofSeconds(5));
        }
    }

    @Test
    void itsPortIsTakenByItAlone() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            assertThatThrownBy(() -> Door.listen("127.0.0.1", taken.getLocalPort(), OptionalInt.empty()))
                    .hasMessageContaining("the API cannot listen on 127.0.0.1:" + taken.getLocalPort());
        }
    }

    private ApiServer server(String name) {
        Endpoint says = Endpoint.get("/v1/name", "Says its name, once it may")
                .open()
                .returns(String.class)
                .handler(request -> {
                    asked.incrementAndGet();
                    mayAnswer.await();
                    return name;
                });
        return ApiServer.behind(door, "127.0.0.1", "s3cret", List.of(says), "1");
    }

    /** Has connected and asked when it returns; the rest comes when it comes. */
    private CompletableFuture<@Nullable String> ask() throws Exception {
        Socket socket = new Socket("127.0.0.1", door.port());
        socket.getOutputStream()
                .write("GET /v1/name HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return CompletableFuture.supplyAsync(() -> {
            try (socket) {
                var answer = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
                answer.lines().takeWhile(line -> !line.isEmpty()).forEach(line -> {});
                return answer.readLine();
            } catch (IOException e) {
                return e.toString();
            }
        });
    }
}
