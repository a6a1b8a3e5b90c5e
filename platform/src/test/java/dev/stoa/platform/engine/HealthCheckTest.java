package dev.stoa.platform.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.stoa.api.AppProtocol;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HealthCheckTest {
    private HttpServer server;

    @BeforeEach
    void listen() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        answer("/up", 204);
        answer("/moved", 302);
        answer("/broken", 500);
        server.start();
    }

    private void answer(String path, int status) {
        server.createContext(path, exchange -> {
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void withoutAPathAConnectionIsEnough() {
        assertThat(HealthCheck.passes(server.getAddress(), Optional.empty(), AppProtocol.HTTP_1_1))
                .isTrue();
    }

    @Test
    void withAPathOnlyAStatusOf2xxPasses() {
        assertThat(HealthCheck.passes(server.getAddress(), Optional.of("/up"), AppProtocol.HTTP_1_1))
                .isTrue();
        assertThat(HealthCheck.passes(server.getAddress(), Optional.of("/moved"), AppProtocol.HTTP_1_1))
                .isFalse();
        assertThat(HealthCheck.passes(server.getAddress(), Optional.of("/broken"), AppProtocol.HTTP_1_1))
                .isFalse();
    }

    @Test
    void anAddressWhereNobodyListensDoesNotPass() throws IOException {
        InetSocketAddress address;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = (InetSocketAddress) socket.getLocalSocketAddress();
        }
        assertThat(HealthCheck.passes(address, Optional.empty(), AppProtocol.HTTP_1_1))
                .isFalse();
    }

    @Test
    void aServerThatAcceptsAndSaysNothingDoesNotPass() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            InetSocketAddress address = (InetSocketAddress) silent.getLocalSocketAddress();
            long begin = System.nanoTime();

            assertThat(HealthCheck.passes(address, Optional.of("/up"), AppProtocol.HTTP_1_1))
                    .isFalse();
            assertThat((System.nanoTime() - begin) / 1_000_000).isBetween(4_900L, 7_000L);
        }
    }

    @Test
    void anAppThatSpeaksHttp2IsAskedInHttp2() throws Exception {
        List<String> asked = new CopyOnWriteArrayList<>();
        try (ServerSocket listening = new ServerSocket(0, 4, InetAddress.getLoopbackAddress())) {
            InetSocketAddress address = (InetSocketAddress) listening.getLocalSocketAddress();
            assertThat(asking(listening, address, HEAD_204, asked)).isTrue();
            assertThat(asking(listening, address, HEAD_500, asked)).isFalse();
            assertThat(asking(listening, address, "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(US_ASCII), asked))
                    .isFalse();
            assertThat(asking(listening, address, new byte[0], asked)).isFalse();
        }
        assertThat(asked).allSatisfy(text -> assertThat(text).startsWith("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        assertThat(HealthCheck.passes(server.getAddress(), Optional.of("/up"), AppProtocol.H2C))
                .isFalse();
    }

    private static final byte[] SETTINGS = {0, 0, 0, 4, 0, 0, 0, 0, 0};
    private static final byte[] HEAD_204 = {0, 0, 1, 1, 5, 0, 0, 0, 1, (byte) 0x89};
    private static final byte[] HEAD_500 = {0, 0, 1, 1, 5, 0, 0, 0, 1, (byte) 0x8e};

    /** The server settles, acknowledges, and gives the answer. */
    private static boolean asking(ServerSocket listening, InetSocketAddress address, byte[] answer, List<String> asked)
            throws Exception {
        CompletableFuture<Boolean> passes = CompletableFuture.supplyAsync(
                () -> HealthCheck.passes(address, Optional.of("/up"), AppProtocol.H2C),
                task -> new Thread(task).start());
        try (Socket socket = listening.accept()) {
            byte[] first = new byte[24];
            new DataInputStream(socket.getInputStream()).readFully(first);
            asked.add(new String(first, US_ASCII));
            if (answer.length == HEAD_204.length) {
                socket.getOutputStream().write(SETTINGS);
            }
            socket.getOutputStream().write(answer);
            socket.shutdownOutput();
            return passes.get();
        }
    }
}
